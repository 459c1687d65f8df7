"""The table of `make bench`: every figure, the machine and the versions. Run as `python -m tests.bench`.

Figures go to build/bench.json and stdout. Rates are events/s on the wall clock; what other programs take of
the machine is in them, so compare the ratios of one run, and CPU time per event, which is free of it.
"""

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.bench import backlog, detect, growth, guard, latency, recorded, site, start, versus, worker

LIBRARIES = ("faust-streaming", "aiokafka", "msgspec", "numpy", "river")
PEERS = ("bytewax", "quixstreams", "faust-streaming", "aiokafka", "confluent-kafka")


def machine() -> str:
    """Return what the figures were made on."""
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    name = cpus[0].partition(": ")[2] if cpus else platform.machine()
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{len(os.sched_getaffinity(0))} x {name}, {memory_gb:.0f} GB, load {os.getloadavg()[0]:.1f}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def versions() -> tuple[str, str]:
    """Return our libraries, and those of the peers."""
    ask = f"from importlib.metadata import version\nfor name in {PEERS}: print(name, version(name))"
    peers = subprocess.run([versus.PYTHON, "-c", ask], capture_output=True, text=True, check=True).stdout
    ours = [f"{name} {metadata.version(name)}" for name in LIBRARIES]
    return ", ".join(ours), ", ".join(peers.splitlines())


def commit() -> str:
    """Return what was measured."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, cwd=site.ROOT, capture_output=True, text=True, check=False).stdout.strip()


def ratios(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return the lines of the comparison."""
    ours = found["fenghuo"]
    lines = [f"{'the same job':22}{'events/s':>10}{'CPU us':>8}{'RSS MB':>8}{'ours/it':>9}{'by CPU':>8}"]
    for name, figures in found.items():
        rate, cpu, rss = figures["events_per_s"], figures["cpu_us_per_event"], figures["rss_mb"]
        by_rate, by_cpu = ours["events_per_s"] / rate, cpu / ours["cpu_us_per_event"]
        lines.append(f"{name:22}{rate:10,}{cpu:8.2f}{rss:8.0f}{by_rate:8.2f}x{by_cpu:7.2f}x")
    return lines


def table(title: str, figures: dict[str, dict[str, Any]]) -> list[str]:
    """Return lines of figures by name."""
    cells = (
        (name, "  ".join(f"{key} {value:,}" for key, value in row.items())) for name, row in figures.items()
    )
    return [f"\n{title}", *(f"{name:22}{row}" for name, row in cells)]


def say(lines: list[str]) -> None:
    """Print at once."""
    print(*lines, sep="\n", flush=True)


def main() -> None:
    """Measure everything, print, write. Exit code 4 if something grew slower than its limit."""
    ours, peers = versions()
    say([f"fenghuo {commit()}", machine(), ours, f"peers: {peers}", ""])
    found = versus.measure(versus.EVENTS)
    say(ratios(found))
    jobs = worker.measure(worker.EVENTS)
    say(table("other jobs of one worker", jobs))
    waits = latency.measure()
    say(table("window end to alert, ms, by sources x partial partitions", waits))
    caught_up = backlog.measure()
    say(table("a backlog of ten minutes at 10,000 events/s", {"one worker": caught_up}))
    rows = {f"{row['series']:,} series": row for row in detect.measure_all()}
    say(table("one-minute windows", rows))
    files = recorded.measure()
    begin = start.measure()
    say(table("recorded files; start", {"rates a second": files, "start": begin}))
    grown = growth.measure()
    say(["", *growth.lines(grown)])
    guarded = guard.measure()
    say(table("in units of the plain loop", {"cost": guarded, "limit": guard.LIMITS}))
    figures = {
        "commit": commit(),
        "command": "make bench",
        "machine": machine(),
        "ingest": {name: one["events_per_s"] for name, one in found.items()},
        "ingest_cpu_us": found["fenghuo"]["cpu_us_per_event"],
        "ingest_details": found,
        "jobs": jobs,
        "detect": {
            "us_per_series_10k": rows["10,000 series"]["us_per_series"],
            "us_per_series_100k": rows["100,000 series"]["us_per_series"],
            "state_bytes": rows["10,000 series"]["state_bytes"],
        },
        "detect_details": rows,
        "latency_ms": {name: waits["4x4"][name] for name in ("p50", "p99")},
        "latency_details": waits,
        "backlog": caught_up,
        **files,
        **begin,
        "growth": grown,
        "guard": guarded,
    }
    (site.BUILD / "bench.json").write_text(json.dumps(figures, indent=1))
    if over := guard.verdicts(guarded):
        print(*over, sep="\n", file=sys.stderr)
        sys.exit(guard.GATE_MISSED)


if __name__ == "__main__":
    main()
