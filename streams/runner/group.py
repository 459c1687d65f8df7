"""The consumer group seen from outside: whether each partition that has to be read is given to somebody."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError

from streams.failure import Failure
from streams.runner.exit_code import AGAIN
from streams.runner.restore import Refused
from streams.settings.connection import connection
from streams.settings.model import Kafka

LOOK_EVERY_S = 10.0
LOOK_TIMEOUT_S = 10.0
LOOKS = 3  # so often in a row before we believe it: metadata of a broker that has just started may lag

logger = logging.getLogger(__name__)


class Orphaned(Failure):
    """Partitions that nobody reads in a settled group: its leader assigned from metadata it did not have."""

    exit_code = AGAIN


class View(NamedTuple):
    """What the broker says: partitions of each topic there is, and, of a settled group, what it is given.

    given  None while the group is being rebalanced
    """

    partitions: Mapping[str, int]
    given: frozenset[TopicPartition] | None


class Group:
    """Remembers for how many looks in a row something has been wrong.

    read    topics whose partitions must all be given to somebody
    needed  topics that must be there
    """

    def __init__(self, read: Collection[str], needed: Collection[str]) -> None:
        self._read = read
        self._needed = needed
        self._gone = self._orphaned = 0

    def judge(self, view: View) -> None:
        """Take a look in. Raises Refused if topics stay gone, Orphaned if partitions stay unread."""
        gone = sorted(set(self._needed) - set(view.partitions))
        orphans = self._orphans(view)
        self._gone = self._gone + 1 if gone else 0
        self._orphaned = self._orphaned + 1 if orphans else 0
        if self._gone >= LOOKS:
            raise Refused(
                f"topics were deleted while we ran: {', '.join(gone)}. What they held is gone. Make them "
                f"again with `fenghuo topics apply`, set another `kafka.group` (the old state does not fit "
                f"new topics), then start the workers."
            )
        if self._orphaned >= LOOKS:
            names = ", ".join(f"{topic}/{partition}" for topic, partition in sorted(orphans))
            raise Orphaned(f"nobody in the group reads {names}: starting again, so that they are assigned")

    def _orphans(self, view: View) -> set[TopicPartition]:
        if view.given is None:
            return set()
        counts = view.partitions
        every = {TopicPartition(topic, at) for topic in self._read for at in range(counts.get(topic, 0))}
        return every - view.given


async def watch(kafka: Kafka, name: str, group: Group) -> None:
    """Look every few seconds, for ever. A broker that does not answer is no news here. Raises as `judge`."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                view = await look(kafka, name)
        except (KafkaError, TimeoutError, OSError) as error:
            logger.debug("the group cannot be looked at: %s", error)
            continue
        group.judge(view)


async def look(kafka: Kafka, name: str) -> View:
    """Ask the broker for its topics and for the group. Raises KafkaError."""
    client = AIOKafkaAdminClient(**connection(kafka))
    await client.start()
    try:
        topics = await client.describe_topics()
        answers = await client.describe_consumer_groups([name])
    finally:
        await client.close()
    # A topic that has just been made or is being deleted is listed with an error.
    partitions = {one["topic"]: len(one["partitions"]) for one in topics if not one["error_code"]}
    return View(partitions, _given(answer.groups[0] for answer in answers))


def _given(groups: Iterable[tuple[object, ...]]) -> frozenset[TopicPartition] | None:
    """Return what all members together are given. Groups: code, name, state, type, protocol, members."""
    found: set[TopicPartition] = set()
    for _, _, state, _, _, members, *_ in groups:
        if state != "Stable":
            return None
        assert isinstance(members, list)  # noqa: S101 (the shape of the answer)
        for member in members:  # id, client id, host, metadata, assignment
            found.update(ConsumerProtocolMemberAssignment.decode(member[4]).partitions())
    return frozenset(found)
