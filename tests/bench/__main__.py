"""The table of `make bench`: every figure, the machine and the versions. Run as `python -m tests.bench`.

Figures go to build/bench.json and stdout. Rates are events/s on the wall clock; what other programs take of
the machine is in them, so compare the ratios of one run, and CPU time per event, which is free of it.
"""

import json
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.bench import site, versus

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


def main() -> None:
    """Measure everything, print, write."""
    ours, peers = versions()
    print(f"fenghuo {commit()}\n{machine()}\n{ours}\npeers: {peers}\n", flush=True)
    found = versus.measure(versus.EVENTS)
    print(*ratios(found), sep="\n", flush=True)
    result: dict[str, Any] = {
        "commit": commit(),
        "command": "make bench",
        "machine": machine(),
        "ingest": {name: figures["events_per_s"] for name, figures in found.items()},
        "ingest_cpu_us": found["fenghuo"]["cpu_us_per_event"],
    }
    (site.BUILD / "bench.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
