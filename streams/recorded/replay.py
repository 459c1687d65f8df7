"""Replay: recorded events to Kafka's input topics, at the speed they happened or another."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.failure import Failure
from streams.machine import Headers, Record
from streams.recorded.event_key import key_reader
from streams.settings.connection import connection
from streams.settings.model import EVENT_KINDS, EventKind, Settings

LINGER_MS = 20
BATCH_BYTES = 65_536
UNCONFIRMED_MAX = 20_000
REFUSALS_SHOWN = 3
Events = Iterable[tuple[EventKind, Record]]
Sleep = Callable[[float], Awaitable[None]]


class Producer(Protocol):
    """What is used of aiokafka's producer."""

    async def send(
        self, topic: str, value: bytes, key: bytes | None, *, headers: Headers
    ) -> Awaitable[object]:
        """Hand over a record; what is returned is done when Kafka has it."""


@dataclass
class Tally:
    """What became of the events."""

    sent: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    refusals: list[str] = field(default_factory=list)

    def refuse(self, event: str, error: Exception) -> None:
        """Count an event that Kafka did not take."""
        self.refused += 1
        if self.refused <= REFUSALS_SHOWN:
            self.refusals.append(f"{event}: {error}")

    def lines(self) -> Iterator[str]:
        """Yield the summary."""
        for topic, count in sorted(self.sent.items()):
            yield f"{count:>12,} {topic}"
        yield f"{self.sent.total():>12,} events sent"
        if self.refused:
            yield f"{self.refused:>12,} not taken by Kafka:"
            yield from (f"  {text}" for text in self.refusals)


class Pace:
    """When a record is due: as far from the first one as it arrived after it, divided by `speed`."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._first: tuple[int, float] | None = None

    def wait_s(self, timestamp_ms: int, now_s: float) -> float:
        """Return how long to wait, at most 0 when the record is due; the first one is due at once."""
        if self._first is None:
            self._first = timestamp_ms, now_s
        first_ms, start_s = self._first
        return start_s + (timestamp_ms - first_ms) / 1000 / self._speed - now_s


class Sender:
    """Sends events to the topics of their kinds under their keys, and counts them."""

    def __init__(self, producer: Producer, settings: Settings, missing: Set[str], tally: Tally) -> None:
        self._producer = producer
        self._topics = {kind: settings.topics.of_event(kind) for kind in EVENT_KINDS}
        self._keys = {kind: key_reader(kind, settings.fields.get(kind, {})) for kind in EVENT_KINDS}
        self._missing = missing
        self._tally = tally
        self._open: list[tuple[str, int, Awaitable[object]]] = []

    async def send(self, kind: EventKind, record: Record) -> None:
        """Hand over a record. Raises Failure if its topic does not exist."""
        topic = self._topics[kind]
        if topic in self._missing:
            raise Failure(f"there is no topic {topic}: `fenghuo topics apply` makes it")
        value = record.value or b""
        try:
            handed = await self._producer.send(topic, value, self._keys[kind](value), headers=record.headers)
        except KafkaError as error:  # this one only: larger than Kafka takes
            self._tally.refuse(f"event {record.offset:,} for {topic}", error)
            return
        self._open.append((topic, record.offset, handed))
        if len(self._open) >= UNCONFIRMED_MAX:
            await self.confirm()

    async def confirm(self) -> None:
        """Wait until Kafka has, or has refused, all that was handed over."""
        results = await asyncio.gather(*(handed for *_, handed in self._open), return_exceptions=True)
        for (topic, offset, _), result in zip(self._open, results, strict=True):
            if isinstance(result, Exception):
                self._tally.refuse(f"event {offset:,} for {topic}", result)
            else:
                self._tally.sent[topic] += 1
        self._open.clear()


async def send(
    events: Events, sender: Sender, pace: Pace, clock: Callable[[], float], sleep: Sleep = asyncio.sleep
) -> None:
    """Send the events when they are due; every one is confirmed or counted as refused when this returns."""
    for kind, record in events:
        wait_s = pace.wait_s(record.timestamp, clock())
        if wait_s > 0:
            await sleep(wait_s)
        await sender.send(kind, record)
    await sender.confirm()


async def replay(events: Events, settings: Settings, missing: Set[str], speed: float, tally: Tally) -> None:
    """Send the events to the settings' broker at a speed (infinity: as fast as Kafka takes them), and count.

    missing: topics that do not exist. Raises Failure for an event of one, or if the broker is not there.
    """
    servers = settings.kafka.bootstrap_servers
    producer = AIOKafkaProducer(
        **connection(settings.kafka),
        enable_idempotence=True,
        linger_ms=LINGER_MS,
        max_batch_size=BATCH_BYTES,
    )
    sender = Sender(producer, settings, missing, tally)
    try:
        await producer.start()
        await send(events, sender, Pace(speed), time.monotonic)
    except asyncio.CancelledError:  # Ctrl-C: what was handed over still counts
        await sender.confirm()
        raise
    except KafkaError as error:
        raise Failure(
            f"Kafka at {servers} is not there: {error}. `fenghuo kafka up` starts a local one"
        ) from error
    finally:
        await producer.stop()
