"""One worker on Kafka: events/s and CPU us/event. Run as `python -m tests.bench.worker [EVENTS]`.

Figures go to build/bench-worker.json and stdout. All machines of the default catalogue run in the worker;
what is measured is the work from a tenth of the log to its end, as committed.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.kafka.local import Broker
from streams.kafka.topics import apply
from streams.settings import load
from streams.settings.model import Server, Settings
from tests.bench.ingest import click

ROOT = Path(__file__).parents[2]
EVENTS = 1_000_000
PARTITIONS = 4
TICKS = os.sysconf("SC_CLK_TCK")


async def fill(settings: Settings, events: int) -> int:
    """Write clicks to the input topic; return their bytes."""
    rng, encode = random.Random(1), msgspec.json.encode
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka.bootstrap_servers, linger_ms=20, max_batch_size=262_144
    )
    size = 0
    async with producer:
        for first in range(0, events, 20_000):
            values = [encode(click(rng, i)) for i in range(first, min(first + 20_000, events))]
            size += sum(map(len, values))
            sends = [
                await producer.send(settings.topics.click, value, partition=i % PARTITIONS)
                for i, value in enumerate(values)
            ]
            await asyncio.gather(*sends)
    return size


async def measure(settings: Settings, pid: int, events: int) -> dict[str, float]:
    """Wait until all is committed; return the figures between a tenth and the end."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka.bootstrap_servers,
        group_id=settings.kafka.group,
        enable_auto_commit=False,
    )
    sources = [TopicPartition(settings.topics.click, part) for part in range(PARTITIONS)]
    await consumer.start()
    begun: tuple[float, float, int] | None = None
    try:
        while True:
            offsets = [await consumer.committed(source) or 0 for source in sources]
            now = (time.monotonic(), cpu_s(pid), sum(offsets))
            if begun is None and now[2] > events / 10:
                begun = now
            if begun is not None and now[2] >= events:
                return figures(begun, now)
            await asyncio.sleep(0.1)
    finally:
        await consumer.stop()


def figures(begun: tuple[float, float, int], ended: tuple[float, float, int]) -> dict[str, float]:
    """Return events/s, CPU us/event and how much of a core was used."""
    seconds, cpu, events = (after - before for before, after in zip(begun, ended, strict=True))
    return {
        "events_per_s": round(events / seconds),
        "cpu_us_per_event": round(cpu / events * 1e6, 2),
        "cores": round(cpu / seconds, 2),
    }


def cpu_s(pid: int) -> float:
    """Return the CPU seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


def run(events: int) -> dict[str, float]:
    """Start a broker and a worker, and measure."""
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder), ROOT / "build" / "kafka") as broker:
        base = load()
        kafka = msgspec.structs.replace(base.kafka, bootstrap_servers=broker.bootstrap_servers)
        settings = msgspec.structs.replace(base, kafka=kafka, server=Server(port=0))
        apply(settings)
        size = asyncio.run(fill(settings, events))
        command = [sys.executable, "tests/kafka/real_worker.py", msgspec.json.encode(settings).decode()]
        worker = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL
        )
        try:
            found = asyncio.run(measure(settings, worker.pid, events))
            found["rss_mb"] = rss_mb(worker.pid)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(30)
        return {"events": events, "bytes_per_event": round(size / events), **found}


def main() -> None:
    """Measure, print, write."""
    found = run(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
    text = json.dumps(found, indent=1)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench-worker.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
