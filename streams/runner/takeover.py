"""Taking partitions over: fence, read states and committed offsets, restore, replay silently, seek, read."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from aiokafka import OffsetAndMetadata, TopicPartition

from streams.machine import Machine
from streams.runner.checkpoint import Writer, find, source_of
from streams.runner.control import Control
from streams.runner.hooks import Hooks, State
from streams.runner.log import Log, compacted
from streams.runner.owner import Owner
from streams.runner.restore import Start, begin, check_metadata, replay
from streams.runner.role import Role
from streams.runner.transaction import Transactions
from streams.settings.model import Settings

REPLAYS = 4  # partitions replayed at a time

logger = logging.getLogger(__name__)


class Source(Protocol):
    """The consumer: where offsets are asked for and positions are set."""

    async def committed(
        self, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Return the group's committed offsets; a partition without one is left out."""

    async def move(self, partition: TopicPartition, offset: int) -> None:
        """Set the position of a partition, dropping what was fetched ahead."""

    def caught_up(self, partition: TopicPartition) -> bool:
        """Whether the last fetch, a moment ago, found nothing more to read."""

    def answered_s(self) -> float | None:
        """Return when the broker last answered a fetch, in seconds since the epoch; None: not yet."""


class Takeover:
    """Makes owners and brings them to where their predecessors stopped."""

    def __init__(self, settings: Settings, roles: Mapping[str, Role], control: Control, hooks: Hooks) -> None:
        self._kafka = settings.kafka
        self._roles = roles
        self._control = control
        self._hooks = hooks
        self._replays = asyncio.Semaphore(REPLAYS)

    def claim(self, partition: TopicPartition) -> Transactions:
        """Return the transactions of a partition, not opened yet."""
        transactional_id = source_of(self._kafka.group, *partition).replace("/", ".")
        writes = self._roles[partition.topic].writes
        return Transactions(self._kafka, transactional_id, self._kafka.group, writes)

    async def complete(
        self,
        source: Source,
        claims: Mapping[TopicPartition, Transactions],
        ready: Callable[[Owner], None],
    ) -> None:
        """Make an owner of each claim; each is given to `ready` as soon as it may read.

        Committed offsets are asked for only after all fences stand: before, a former owner could move them.
        And after the states were read: should we be fenced ourselves meanwhile, no state is ahead of them,
        and the first commit tells.

        Raises Refused if a log does not hold what is needed.
        """
        started = time.monotonic()
        await asyncio.gather(*(transactions.open() for transactions in claims.values()))
        topics = dict.fromkeys(self._roles[partition.topic].state_topic for partition in claims)
        states = {topic: await compacted(self._kafka, topic) for topic in topics}
        committed = await source.committed(list(claims))

        async def own(partition: TopicPartition, transactions: Transactions) -> None:
            role = self._roles[partition.topic]
            state = await self._state(partition, states[role.state_topic], committed.get(partition))
            await source.move(partition, state.position)
            ready(Owner(partition, state, role, transactions, self._hooks))

        await asyncio.gather(*(own(*claim) for claim in claims.items()))
        logger.info("took %d partitions over in %.1f s", len(claims), time.monotonic() - started)

    async def _state(
        self, partition: TopicPartition, stored: Mapping[bytes, bytes], committed: OffsetAndMetadata | None
    ) -> State:
        role = self._roles[partition.topic]
        name = source_of(self._kafka.group, *partition)
        found = find(stored, name)
        started = time.monotonic()
        async with self._replays, Log(self._kafka, partition) as log:
            offset = None if committed is None else committed.offset
            bounds = await log.bounds()
            start = begin(name, lambda: role.build(partition.partition), found, offset, bounds)
            reset = self._reset(partition, start.machine, None)
            batches = log.read(start.replay_from, start.position)
            await replay(start.machine, batches, self._hooks.now_ms)
        self._reset(partition, start.machine, reset)
        if committed is not None:
            check_metadata(name, start.machine, committed)
        elapsed_s = time.monotonic() - started
        self._hooks.observe("fenghuo_restore_seconds", (role.name,), elapsed_s)
        _tell(name, start, elapsed_s, role.plan)
        writer = Writer(role.state_topic, name, start.used, found, stored)
        return State(start.machine, start.position, writer, start.fresh)

    def _reset(self, partition: TopicPartition, machine: Machine, known: int | None) -> int | None:
        """Pass on the newest order about the fuse, unless it is known to the machine."""
        offset = self._control.offset(partition)
        if offset is not None and offset != known:
            machine.reset_fuse(offset)
        return offset


def _tell(name: str, start: Start, elapsed_s: float, plan: str) -> None:
    replayed = start.position - start.replay_from
    logger.debug("%s: at offset %d, %d replayed, %.2f s", name, start.position, replayed, elapsed_s)
    if start.used is not None and start.used.checkpoint.plan != plan:
        logger.info("%s: the configuration changed since the checkpoint", name)
