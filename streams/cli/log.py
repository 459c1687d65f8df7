"""Reading topics from the command line: committed records, to the end or as they come."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streams.kafka.topics import CONNECT_MS, KafkaAbsent, explained
from streams.settings.connection import connection
from streams.settings.model import Settings

POLL_MS = 500
STUCK_S = 15.0


def read_all(settings: Settings, topics: Sequence[str]) -> Iterator[Any]:
    """Yield every committed record that the topics hold now, per partition in order.

    Raises KafkaAbsent, also for a topic that does not exist.
    """
    with _consumer(settings, topics) as (consumer, partitions):
        ends = consumer.end_offsets(partitions)
        consumer.seek_to_beginning(*partitions)
        moved_s = time.monotonic()
        while open_ := [one for one in partitions if consumer.position(one) < ends[one]]:
            records = _poll(consumer)
            yield from (record for record in records if record.offset < ends[_partition(record)])
            if records:
                moved_s = time.monotonic()
            elif time.monotonic() - moved_s > STUCK_S:
                raise KafkaAbsent(
                    f"nothing came from {open_[0].topic} for {STUCK_S:.0f} s: is its broker well?"
                )


def follow(settings: Settings, topic: str) -> Iterator[Any]:
    """Yield None once it listens, then every record committed from then on, for ever. Raises KafkaAbsent."""
    with _consumer(settings, [topic]) as (consumer, partitions):
        for partition, end in consumer.end_offsets(partitions).items():
            consumer.seek(partition, end)
        yield None
        while True:
            yield from _poll(consumer)


@contextmanager
def _consumer(
    settings: Settings, topics: Sequence[str]
) -> Iterator[tuple[KafkaConsumer, list[TopicPartition]]]:
    servers = settings.kafka.bootstrap_servers
    with explained(servers):
        consumer = KafkaConsumer(
            **connection(settings.kafka),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=CONNECT_MS,
        )
        try:
            partitions = [TopicPartition(topic, at) for topic in topics for at in _numbers(consumer, topic)]
            consumer.assign(partitions)
            yield consumer, partitions
        finally:
            consumer.close()


def _numbers(consumer: KafkaConsumer, topic: str) -> list[int]:
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise KafkaAbsent(f"there is no topic {topic}: `fenghuo topics apply` makes it")
    return sorted(numbers)


def _poll(consumer: KafkaConsumer) -> list[Any]:
    return [record for batch in consumer.poll(timeout_ms=POLL_MS).values() for record in batch]


def _partition(record: Any) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)
