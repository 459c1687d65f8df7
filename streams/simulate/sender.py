"""The sender: simulated records to Kafka, as fast as it takes them or paced."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.failure import Failure
from streams.settings.connection import connection
from streams.settings.model import EventKind, Settings
from streams.simulate.pace import Pace
from streams.simulate.record import Record

LINGER_MS = 20
TIMEOUT_MS = 15_000  # how long a topic may be unknown, or an answer missing
BATCH_BYTES = 65_536
WAIT_MIN_S = 0.005  # one sleep for many records: sent a little later than due, never earlier
UNCONFIRMED_MAX = 20_000

Sent = Awaitable[object]


class Producer(Protocol):
    """What is used of aiokafka's producer."""

    async def send(self, topic: str, value: bytes, key: bytes) -> Sent:
        """Hand over a record; what is returned is done when Kafka has it."""


async def send(
    records: Iterable[Record],
    producer: Producer,
    topic_of: Callable[[EventKind], str],
    pace: Pace | None,
    *,
    now_ms: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> int:
    """Send all records (pace None: at once) and return how many; every one is confirmed when this returns.

    Raises what the producer raises for a record that Kafka refused.
    """
    unconfirmed: list[Sent] = []
    count = 0
    for record in records:
        if pace is not None and (wait_s := pace.wait_s(record.arrival_ms, now_ms())) > 0:
            await sleep(max(wait_s, WAIT_MIN_S))
        unconfirmed.append(await producer.send(topic_of(record.kind), record.value, record.key))
        count += 1
        if len(unconfirmed) >= UNCONFIRMED_MAX:
            await asyncio.gather(*unconfirmed)
            unconfirmed.clear()
    await asyncio.gather(*unconfirmed)
    return count


async def send_to_kafka(
    records: Iterable[Record], settings: Settings, pace: Pace | None, now_ms: Callable[[], float]
) -> int:
    """Send to the topics of the settings: idempotent, keys partitioned by murmur2; return how many.

    Raises Failure if Kafka is not there or refuses a record.
    """
    servers = settings.kafka.bootstrap_servers
    producer = AIOKafkaProducer(
        **connection(settings.kafka),
        enable_idempotence=True,
        linger_ms=LINGER_MS,
        max_batch_size=BATCH_BYTES,
        request_timeout_ms=TIMEOUT_MS,
    )
    try:
        await producer.start()
        return await send(records, producer, settings.topics.of_event, pace, now_ms=now_ms)
    except KafkaError as error:
        raise Failure(
            f"Kafka at {servers}: {error}. Is it running (`fenghuo kafka up`), are the topics there "
            "(`fenghuo topics apply`)?"
        ) from error
    finally:
        await producer.stop()
