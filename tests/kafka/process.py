"""Worker processes under test, and what a read_committed reader sees of what they wrote."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition

from streams.machine import Output
from streams.runner.log import Log
from streams.settings.model import Settings

ROOT = Path(__file__).parents[2]
READY_S = 30.0


class Worker:
    """A worker in a process of its own; its stderr goes to a file."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log = log
        self._stderr = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stderr=self._stderr,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def wait_ready(self) -> "Worker":
        self.wait_said("ready")
        return self

    def wait_said(self, text: str, timeout_s: float = READY_S) -> None:
        until = time.monotonic() + timeout_s
        while text not in self.log.read_text():
            assert self.process.poll() is None, f"ended: {self.log.read_text()[-2000:]}"
            assert time.monotonic() < until, f"never said {text!r}: {self.log.read_text()[-2000:]}"
            time.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, timeout_s: float = 30.0) -> int:
        return self.process.wait(timeout_s)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        self._stderr.close()


@contextlib.contextmanager
def workers(folder: Path) -> Iterator["Fleet"]:
    """Start workers that are gone when the test is over."""
    fleet = Fleet(folder)
    try:
        yield fleet
    finally:
        for worker in fleet.started:
            worker.end()


class Fleet:
    """The workers of one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.started: list[Worker] = []

    def stub(self, settings: Settings) -> Worker:
        """Start a worker over the counting machine."""
        text = msgspec.json.encode(settings).decode()
        return self._start([str(ROOT / "tests/kafka/stub_worker.py"), text])

    def real(self, settings: Settings) -> Worker:
        """Start the worker that people run."""
        text = msgspec.json.encode(settings).decode()
        return self._start([str(ROOT / "tests/kafka/real_worker.py"), text])

    def failing(self, settings: Settings, fault: str, number: int) -> Worker:
        """Start the worker that people run with a fault built in (see tests/chaos/real/failing_worker.py)."""
        text = msgspec.json.encode(settings).decode()
        return self._start([str(ROOT / "tests/chaos/real/failing_worker.py"), text, fault, str(number)])

    def courier(self, settings: Settings) -> Worker:
        """Start the courier that people run."""
        text = msgspec.json.encode(settings).decode()
        return self._start([str(ROOT / "tests/kafka/real_courier.py"), text])

    def command(self, *arguments: str) -> Worker:
        """Start `fenghuo` with these arguments."""
        return self._start(["-m", "streams.cli.main", *arguments])

    def _start(self, command: Sequence[str]) -> Worker:
        worker = Worker(command, self._folder / f"worker-{len(self.started)}.log")
        self.started.append(worker)
        return worker


def quick(settings: Settings, **kafka: object) -> Settings:
    """Return the settings with times that fit a test."""
    times = {"session_timeout_ms": 2_000, "checkpoint_every_ms": 300, "flush_ceiling_ms": 50, **kafka}
    return msgspec.structs.replace(settings, kafka=msgspec.structs.replace(settings.kafka, **times))


def produce(
    settings: Settings, topic: str, values: Sequence[tuple[int, bytes]], compression: str | None = None
) -> None:
    """Write (partition, value) to a topic."""
    send(settings, [Output(topic, None, value, partition=part) for part, value in values], compression)


def send(settings: Settings, outputs: Sequence[Output], compression: str | None = None) -> None:
    """Write records; return when all are there."""

    async def write() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka.bootstrap_servers, compression_type=compression, linger_ms=5
        )
        async with producer:
            await asyncio.gather(
                *[
                    await producer.send(
                        one.topic, one.value, one.key, one.partition, headers=list(one.headers)
                    )
                    for one in outputs
                ]
            )

    asyncio.run(write())


def read(settings: Settings, topic: str, partitions: int) -> list[list]:
    """Return all committed records of a topic, per partition."""

    async def one(number: int) -> list:
        async with Log(settings.kafka, TopicPartition(topic, number)) as log:
            bounds = await log.bounds()
            return [record async for batch in log.read(*bounds) for record in batch]

    async def every() -> list[list]:
        return list(await asyncio.gather(*map(one, range(partitions))))

    return asyncio.run(every())
