"""Resetting the dead-letter fuse: an order to the workers on the control topic."""

from kafka import KafkaProducer

from streams.control import Reset, to_output
from streams.failure import Failure
from streams.settings.model import Settings
from streams.topics import CONNECT_MS, admin, explained

CONFIRM_S = 30


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
        producer = KafkaProducer(bootstrap_servers=servers, bootstrap_timeout_ms=CONNECT_MS)
        try:
            handed = [producer.send(output.topic, output.value, output.key) for output in outputs]
            for future in handed:
                future.get(timeout=CONFIRM_S)
        finally:
            producer.close()
    return orders


def _orders(settings: Settings, topic: str) -> list[Reset]:
    with admin(settings) as client:
        group = settings.kafka.group
        offsets = client.list_group_offsets({group: None})[group]
    committed = {at.partition: found.offset for at, found in offsets.items() if at.topic == topic}
    return [Reset(topic, at, offset) for at, offset in sorted(committed.items()) if offset >= 0]
