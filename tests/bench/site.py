"""A broker of our own, logs of events on it, and workers that are measured while they read them."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.kafka.local import Broker
from streams.settings.model import Server, Settings

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
TICKS = os.sysconf("SC_CLK_TCK")
READY_S = 300


@contextmanager
def broker() -> Iterator[str]:
    """Run a broker; yield its address."""
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder), BUILD / "kafka") as running:
        yield running.bootstrap_servers


def on(bootstrap: str, settings: Settings, **kafka: Any) -> Settings:
    """Return the settings for a broker, with a free port for /metrics."""
    kafka_settings = msgspec.structs.replace(settings.kafka, bootstrap_servers=bootstrap, **kafka)
    return msgspec.structs.replace(settings, kafka=kafka_settings, server=Server(port=0))


async def fill(
    settings: Settings, topic: str, partitions: int, events: int, make: Callable[[random.Random, int], Any]
) -> float:
    """Write events made by `make` round and round the partitions; return their mean size."""
    rng, encode = random.Random(1), msgspec.json.encode
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka.bootstrap_servers, linger_ms=20, max_batch_size=262_144
    )
    size = 0
    async with producer:
        for first in range(0, events, 20_000):
            values = [encode(make(rng, i)) for i in range(first, min(first + 20_000, events))]
            size += sum(map(len, values))
            sends = [
                await producer.send(topic, value, partition=i % partitions) for i, value in enumerate(values)
            ]
            await asyncio.gather(*sends)
    return size / events


@contextmanager
def workers(settings: Settings, number: int = 1) -> Iterator[list[int]]:
    """Run workers; yield their process ids; end them."""
    BUILD.mkdir(exist_ok=True)
    asked = BUILD / "bench-settings.json"
    asked.write_bytes(msgspec.json.encode(settings))
    with (BUILD / "bench-worker.log").open("wb") as log:
        running = [_worker(asked, log) for _ in range(number)]
        try:
            yield [worker.pid for worker in running]
        finally:
            for worker in running:
                worker.send_signal(signal.SIGTERM)
            for worker in running:
                worker.wait(30)


def _worker(asked: Path, log: BinaryIO) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "tests/kafka/real_worker.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with asked.open("rb") as settings:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=settings, stdout=log, stderr=log)


def wait_ready(number: int = 1) -> None:
    """Wait until so many workers say that they read."""
    deadline_s, log = time.monotonic() + READY_S, BUILD / "bench-worker.log"
    while log.read_bytes().count(b": ready") < number:
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"the worker is not ready after {READY_S} s: see {log}")
        time.sleep(0.05)


@asynccontextmanager
async def commits(
    settings: Settings, topic: str, partitions: int
) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Give a function that asks how many records of a topic the workers have committed."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka.bootstrap_servers,
        group_id=settings.kafka.group,
        enable_auto_commit=False,
    )
    sources = [TopicPartition(topic, at) for at in range(partitions)]

    async def committed() -> int:
        return sum([await consumer.committed(source) or 0 for source in sources])

    async with consumer:
        yield committed


async def rate(
    settings: Settings, topic: str, partitions: int, events: int, pids: Sequence[int]
) -> dict[str, float]:
    """Wait until all of a topic is committed; return the figures between a tenth and the end."""
    begun: tuple[float, float, int] | None = None
    deadline_s = time.monotonic() + READY_S
    async with commits(settings, topic, partitions) as committed:
        while time.monotonic() < deadline_s:
            done = await committed()
            now = (time.monotonic(), sum(map(cpu_s, pids)), done)
            if begun is None and done > events / 10:
                begun = now
            if begun is not None and done >= events:
                return {**_figures(begun, now), "rss_mb": max(map(rss_mb, pids))}
            await asyncio.sleep(0.1)
    raise TimeoutError(f"not all of {topic} was read within {READY_S} s: see build/bench-worker.log")


def _figures(begun: tuple[float, float, int], ended: tuple[float, float, int]) -> dict[str, float]:
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
