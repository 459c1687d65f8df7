"""A role: which machine reads a topic, and where its checkpoints are kept."""

from collections.abc import Callable
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.machine import Machine


class Role(NamedTuple):
    """What drives the partitions of one topic.

    name         of the machine: ingest, detect or notify; the label of the runner's metrics
    state_topic  compacted, one partition
    build        partition -> a new machine without state
    plan         short name of the configuration the machines are made from
    writes       partitions that nearly all of its transactions write to
    """

    name: str
    topic: str
    state_topic: str
    build: Callable[[int], Machine]
    plan: str = ""
    writes: tuple[TopicPartition, ...] = ()
