"""Resetting the dead-letter fuse: an order to the workers on the control topic."""

import time
from collections.abc import Mapping

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.errors import RetriableError
from kafka.structs import OffsetAndMetadata

from streams.failure import Failure
from streams.kafka.topics import CONNECT_MS, admin, explained
from streams.runner.control import Reset, to_output
from streams.settings.connection import connection
from streams.settings.model import Settings

CONFIRM_S = 30
COORDINATOR_S = 15.0
PAUSE_S = 0.2


def reset(settings: Settings, topic: str) -> list[Reset]:
    """Order every partition of an input topic to go on from the offset it stands at; return the orders.

    Raises KafkaAbsent; Failure if no worker has ever read the topic.
    """
    orders = _orders(settings, topic)
    if not orders:
        raise Failure(f"group {settings.kafka.group} has never read {topic}: there is no fuse to reset")
    outputs = [to_output(order, settings.topics.control) for order in orders]
    servers = settings.kafka.bootstrap_servers
    with explained(servers):
        producer = KafkaProducer(**connection(settings.kafka), bootstrap_timeout_ms=CONNECT_MS)
        try:
            handed = [producer.send(output.topic, output.value, output.key) for output in outputs]
            for future in handed:
                future.get(timeout=CONFIRM_S)
        finally:
            producer.close()
    return orders


def committed_offsets(settings: Settings) -> Mapping[TopicPartition, OffsetAndMetadata]:
    """Return what the group has committed, by partition; nothing if it never read. Raises KafkaAbsent."""
    with admin(settings) as client:
        return _group_offsets(client, settings.kafka.group, time.monotonic() + COORDINATOR_S)


def _orders(settings: Settings, topic: str) -> list[Reset]:
    offsets = committed_offsets(settings)
    committed = {at.partition: found.offset for at, found in offsets.items() if at.topic == topic}
    return [Reset(topic, at, offset) for at, offset in sorted(committed.items()) if offset >= 0]


def _group_offsets(
    client: KafkaAdminClient, group: str, until_s: float
) -> Mapping[TopicPartition, OffsetAndMetadata]:
    # A broker that no group has used yet, or that has just started, has no coordinator for a moment.
    while True:
        try:
            found: Mapping[TopicPartition, OffsetAndMetadata] = client.list_group_offsets({group: None})[
                group
            ]
        except RetriableError:
            if time.monotonic() > until_s:
                raise
            time.sleep(PAUSE_S)
        else:
            return found
