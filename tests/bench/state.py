"""Checkpoints by number of series. Run as `python -m tests.bench.state [SERIES ...]`.

For each number, in a process of its own: how long a freeze stops the stream, how long the rest takes between
windows, what a window's end pays when nothing was encoded ahead, bytes, restore, peak memory. 100,000 series
are also written to a real broker, twice (both slots), and read back. Figures go to build/bench-state.json.
"""

import asyncio
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from aiokafka import TopicPartition

from streams.detect.detect import Detect
from streams.kafka.local import Broker
from streams.kafka.topics import apply
from streams.machine import Output, Record
from streams.partial import NO_TIME, Partial, Sheet, to_bytes
from streams.runner.checkpoint import BYTES_PER_S, Checkpoint, Writer, find
from streams.runner.log import compacted
from streams.runner.transaction import Transactions
from streams.settings.model import Kafka, Limits, Metric, Monitor, Settings, Time

ROOT = Path(__file__).parents[2]
SERIES = (10_000, 100_000, 1_000_000)
ON_A_BROKER = 100_000
WINDOWS = 3
MINUTE_MS = 60_000
T0 = 1_780_000_200_000
SOURCE = "bench/partial/0"
SETTINGS = Settings(
    kafka=Kafka(input_partitions=1, partial_partitions=1),
    time=Time(replay=True),
    limits=Limits(series=2_000_000),
    metrics={"orders": Metric(event="order", count=True)},
    monitors=[Monitor(name="orders", metric="orders", by=[["sku"]])],
)


def partial(series: int, number: int, window_ms: int = 5 * MINUTE_MS) -> Record:
    """Return what one window of so many skus comes to; it closes the window before."""
    at = T0 + number * window_ms
    counts = np.random.default_rng(number).poisson(20, series).astype(np.int64) + 1
    numbers = np.arange(series, dtype=np.int32)
    sheet = Sheet(
        groups=["orders/sku"],
        entities=[f"sku=s{i}" for i in range(series)],
        entity=numbers,
        panes=np.full(series, at),
        group=np.zeros(series, np.int32),
        cell=numbers,
        counts=counts,
        values=np.zeros(series, np.int64),
    )
    topic = SETTINGS.topics.order
    whole = Partial(topic, 0, number, number + 1, at, NO_TIME, False, at, 1, 0, "", [sheet])
    return Record(number, at, None, to_bytes(whole))


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long it takes, and what it returns."""
    started = time.perf_counter()
    found = run()
    return round(time.perf_counter() - started, 3), found


def measure(series: int) -> dict[str, float]:
    """Return the figures of so many series."""
    detect = Detect(SETTINGS, 0)
    for number in range(WINDOWS):
        detect.apply([partial(series, number)])
    detect.flush(0, caught_up=False)
    last = partial(series, WINDOWS)
    freeze_s, frozen = seconds(detect.snapshot)
    encode_s, blocks = seconds(lambda: [content for _, content in frozen.drain()])
    kept = detect.snapshot()
    unready_s, _ = seconds(lambda: detect.apply([last]))
    del kept
    plain_s, _ = seconds(lambda: detect.apply([partial(series, WINDOWS + 1)]))
    restored = Detect(SETTINGS, 0)
    restore_s, _ = seconds(lambda: restored.restore(blocks, ""))
    size = sum(map(len, blocks))
    return {
        "series": series,
        "freeze_s": freeze_s,
        "encode_s": encode_s,
        "window_s": plain_s,
        "window_nothing_encoded_s": unready_s,
        "blocks": len(blocks),
        "bytes": size,
        "bytes_per_series": round(size / series),
        "interval_s": round(size / BYTES_PER_S),
        "restore_s": restore_s,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def on_a_broker(series: int) -> dict[str, float]:
    """Return how long it takes to write the state and to restore it through a real state topic."""
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder), ROOT / "build" / "kafka") as broker:
        kafka = msgspec.structs.replace(SETTINGS.kafka, bootstrap_servers=broker.bootstrap_servers)
        settings = msgspec.structs.replace(SETTINGS, kafka=kafka)
        apply(settings)
        detect = Detect(settings, 0)
        for number in range(WINDOWS):
            detect.apply([partial(series, number)])
        detect.flush(0, caught_up=False)
        return asyncio.run(round_trip(settings, detect))


async def round_trip(settings: Settings, detect: Detect) -> dict[str, float]:
    """Write both slots, read them back, restore."""
    writer = Writer(settings.topics.detect_state, SOURCE, None)
    transactions = Transactions(settings.kafka, "bench", "bench")
    await transactions.open()
    started, longest = time.perf_counter(), 0.0
    for offset in (1, 2):
        writer.freeze(Checkpoint(offset, "", detect.snapshot()))
        while writer.pending:
            begun = time.perf_counter()
            await commit(transactions, settings, writer.take(1))
            longest = max(longest, time.perf_counter() - begun)
    await transactions.close()
    written_s = time.perf_counter() - started
    started = time.perf_counter()
    records = await compacted(settings.kafka, settings.topics.detect_state)
    read_s = time.perf_counter() - started
    newest = find(records, SOURCE)[0].checkpoint
    Detect(settings, 0).restore(newest.blocks, newest.metadata)
    return {
        "write_s": round(written_s / 2, 2),
        "longest_transaction_s": round(longest, 3),
        "read_topic_s": round(read_s, 2),
        "restore_from_broker_s": round(time.perf_counter() - started, 2),
    }


async def commit(transactions: Transactions, settings: Settings, blocks: list[Output]) -> None:
    """Write blocks as an owner does."""
    await transactions.commit(blocks, TopicPartition(settings.topics.partial, 0), 1, "")


def main() -> None:
    """Measure, print, write."""
    found = []
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for series in map(int, sys.argv[1:] or SERIES):
            figures = pool.apply(measure, (series,))
            if series == ON_A_BROKER:
                figures |= pool.apply(on_a_broker, (series,))
            print(json.dumps(figures))
            found.append(figures)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench-state.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
