"""The feed: a thread that writes the shop's events at a steady pace, through broker restarts too."""

import asyncio
import random
import threading
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from streams.settings.model import Settings
from tests.chaos.real.shop import CODECS, Sent, Traffic

CHUNK_S = 0.1
SPEED = 60  # event time passes so much faster than ours


class Feed:
    """Writes chunk after chunk until stopped. As a context manager: stops at the end.

    An event time waits for the one before it to be written: a broker away delays events, it loses none.
    """

    def __init__(self, settings: Settings, traffic: Traffic) -> None:
        self.error: BaseException | None = None
        self._settings = settings
        self._traffic = traffic
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(90)
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            asyncio.run(self._write())
        except BaseException as error:  # noqa: BLE001 (raised where the feed is left)
            self.error = error

    async def _write(self) -> None:
        chance = random.Random(4)
        producers = [_producer(self._settings, codec) for codec in CODECS]
        for producer in producers:
            await producer.start()
        try:
            while not self._stop.is_set():
                started = time.monotonic()
                await write(self._settings, chance.choice(producers), self._traffic.chunk())
                await asyncio.sleep(max(0.0, started + CHUNK_S - time.monotonic()))
        finally:
            for producer in producers:
                await producer.stop()


def write_now(settings: Settings, sent: Sequence[Sent], codec: str | None = None) -> None:
    """Write events; return when they are there."""

    async def once() -> None:
        async with _producer(settings, codec) as producer:
            await write(settings, producer, sent)

    asyncio.run(once())


async def write(settings: Settings, producer: AIOKafkaProducer, sent: Sequence[Sent]) -> None:
    """Hand events to the producer in order; wait until they are there."""
    futures = [
        await producer.send(settings.topics.of_event(one.kind), one.value, b"k", one.partition)
        for one in sent
    ]
    await asyncio.gather(*futures)


def _producer(settings: Settings, codec: str | None) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka.bootstrap_servers, compression_type=codec, enable_idempotence=True
    )
