"""fenghuo and its peers at the same job, on one broker, one after the other.

Run as `python -m tests.bench.versus [EVENTS]`, after `make build/peers/.ready`. What each made of the events
is compared, cell by cell, before its speed is believed. Figures go to build/bench-versus.json and stdout.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka.topics import apply
from streams.partial import from_bytes
from streams.plan import build_plan
from streams.settings.model import Metric, Monitor, Settings
from tests.bench import site
from tests.bench.ingest import click
from tests.bench.peers.job import DIMENSIONS, MONEY, PARTITIONS, TYPES

EVENTS = 2_000_000
ROUNDS = 3  # of all but the slow ones; each program's median round counts
FEW = 100_000  # for those that would take minutes
PYTHON = site.BUILD / "peers" / "bin" / "python"
PEERS = {
    "bytewax": ("bytewax_batch.py", False),
    "bytewax_window": ("bytewax_window.py", True),
    "quix": ("quix_loop.py", False),
    "faust": ("stock_faust.py", True),
}
FLOORS = {"aiokafka": ("plain_aiokafka.py", False), "librdkafka": ("plain_librdkafka.py", False)}
BY = [[], *([dim] for dim in DIMENSIONS)]
METRICS = {
    **{name: Metric(event="click", where={"type": name}, count=True) for name in TYPES},
    "cost": Metric(event="click", sum="cost"),
}
JOB = Settings(metrics=METRICS, monitors=[Monitor(name=name, metric=name, by=BY) for name in METRICS])
Sums = dict[str, list[int]]


class OutputDiffersError(AssertionError):
    """Two programs made something else of the same events."""


def ours(settings: Settings, number: int, events: int, at: int) -> tuple[dict[str, float], Sums]:
    """Let workers do the job, with a group and topics of this round; return figures and sums."""
    group = f"bench-{number}-{at}"
    names = ("partial", "alert", "notification", "control", "ingest_state", "detect_state", "notify_state")
    topics = {name: f"{group}.{getattr(settings.topics, name)}" for name in names}
    settings = msgspec.structs.replace(
        settings,
        topics=msgspec.structs.replace(settings.topics, **topics),
        kafka=msgspec.structs.replace(settings.kafka, group=group),
    )
    apply(settings)
    with site.workers(settings, number) as pids:
        found = asyncio.run(site.rate(settings, settings.topics.click, PARTITIONS, events, pids))
    return found, asyncio.run(merged(settings))


async def merged(settings: Settings) -> Sums:
    """Return what all committed partials come to."""
    scales = {group.key: group.scale for group in build_plan(settings) if not group.lends}
    places = {name: at for at, name in enumerate(METRICS)}
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(METRICS))
    for value in await committed(settings, settings.topics.partial):
        for key, entity, pane, count, fixed in from_bytes(value).rows():
            if key not in scales:  # what series borrow by: peers have no such sums
                continue
            number = fixed * MONEY // scales[key] if key.startswith("cost/") else count
            sums[f"{pane} {entity}"][places[key.partition("/")[0]]] += number
    return dict(sums)


async def committed(settings: Settings, topic: str) -> list[bytes]:
    """Return the values of all committed records of a topic."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka.bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with consumer:
        sources = [TopicPartition(topic, at) for at in range(settings.kafka.partial_partitions)]
        consumer.assign(sources)
        ends, found = await consumer.end_offsets(sources), []
        while any([await consumer.position(source) < ends[source] for source in sources]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [record.value for record in records]
        return found


def theirs(program: str, bootstrap: str, topic: str, events: int) -> tuple[dict[str, float], Sums]:
    """Run a peer in its own environment; return figures and sums."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [str(PYTHON), f"tests/bench/peers/{program}", bootstrap, topic, str(events), str(result)]
        done = subprocess.run(
            command, cwd=site.ROOT, capture_output=True, text=True, check=False, timeout=600
        )
        if not result.exists():
            raise RuntimeError(f"{program} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        found = json.loads(result.read_text())
    return found["figures"], found["sums"]


def same(name: str, found: Sums, expected: Sums) -> None:
    """Compare, cell by cell. Raises OutputDiffersError."""
    differing = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    if differing:
        key, share = min(differing), f"{len(differing)} of {len(expected)} cells differ"
        raise OutputDiffersError(f"{name}: {share}: {key!r} {found.get(key)} {expected.get(key)}")


def measure(events: int) -> dict[str, dict[str, Any]]:
    """Return the figures of all."""
    with site.broker() as bootstrap:
        many = site.on(bootstrap, JOB)
        few = msgspec.structs.replace(many, topics=msgspec.structs.replace(many.topics, click="few.click.v1"))
        for settings, number in ((many, events), (few, min(events, FEW))):
            apply(settings)
            asyncio.run(site.fill(settings, settings.topics.click, PARTITIONS, number, click))
        rounds = [contest(many, events, at) for at in range(ROUNDS)]
        fast = {name: median([found[name] for found in rounds]) for name in rounds[0]}
        slow = crawl(bootstrap, few.topics.click, min(events, FEW))
        names = ["fenghuo", "fenghuo_two_workers", *PEERS, *FLOORS]
        return {name: (fast | slow)[name] for name in names}


def contest(settings: Settings, events: int, at: int) -> dict[str, dict[str, float]]:
    """Let all but the slow ones do the job, one after the other."""
    bootstrap, topic = settings.kafka.bootstrap_servers, settings.topics.click
    found: dict[str, dict[str, float]] = {}
    found["fenghuo"], expected = ours(settings, 1, events, at)
    found["fenghuo_two_workers"], sums = ours(settings, 2, events, at)
    same("fenghuo_two_workers", sums, expected)
    for name, (program, slow) in (PEERS | FLOORS).items():
        if slow:
            continue
        found[name], sums = theirs(program, bootstrap, topic, events)
        if name in PEERS:
            same(name, sums, expected)
    return found


def crawl(bootstrap: str, topic: str, events: int) -> dict[str, dict[str, float]]:
    """Let the slow ones do the job on a few events."""
    # What they must come to: a program's sums that was right about all events.
    _, expected = theirs(PEERS["bytewax"][0], bootstrap, topic, events)
    found = {}
    for name, (program, slow) in PEERS.items():
        if slow:
            found[name], sums = theirs(program, bootstrap, topic, events)
            same(name, sums, expected)
    return found


def median(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the round of the median rate."""
    return sorted(rounds, key=lambda one: one["events_per_s"])[len(rounds) // 2]


def main() -> None:
    """Measure, print, write."""
    text = json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS), indent=1)
    (site.BUILD / "bench-versus.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
