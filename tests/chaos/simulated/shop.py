"""A shop as the simulation drives it: roles, events, and how its records say what they cover."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.runner.role import Role


class Span(NamedTuple):
    """What a record between the machines says of its source: offsets [start, end), and how many it read."""

    source: TopicPartition
    start: int
    end: int
    read: int


@dataclass(frozen=True)
class Shop:
    """The `roles` by the topic they read, upstream first; the `events` of each input partition.

    middle, span  the topic between the first two machines, and what its records say of their sources
    told          the topic of the last machine's outputs
    """

    roles: Mapping[str, Role]
    partitions: Mapping[str, int]
    events: Mapping[TopicPartition, Sequence[bytes]]
    middle: str
    span: Callable[[bytes], Span]
    told: str

    def owned(self) -> list[TopicPartition]:
        """Return all partitions that have to have an owner."""
        return [TopicPartition(topic, n) for topic in self.roles for n in range(self.partitions[topic])]
