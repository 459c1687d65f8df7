"""The runner: gives every assigned partition an owner that counts each of its records exactly once.

There is one way out of every error: the process ends before an offset moves (`crash`).
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from streams.failure import Failure
from streams.machine import Output
from streams.runner.claims import Claims
from streams.runner.control import Control
from streams.runner.exit_code import AGAIN
from streams.runner.guard import spawn
from streams.runner.hooks import Hooks
from streams.runner.hurry import Hurry
from streams.runner.lease import Batch, Lease
from streams.runner.owner import Owner
from streams.runner.pace import Pace
from streams.runner.restore import Refused
from streams.runner.role import Role
from streams.runner.takeover import Source, Takeover
from streams.settings.model import Settings

TRANSACTIONS_PER_S = 40  # of one worker; more of them cost the broker more than they gain
REVOKE_S = 5.0
DISCONNECT_S = 2.0
STUCK_S = 60.0

logger = logging.getLogger(__name__)


class Stuck(Failure):
    """A partition does not move: only a new start can help."""

    exit_code = AGAIN


class Parts(NamedTuple):
    """What a worker puts its runner together from.

    crash      ends the process; never returns in a worker
    applied    told each time records were applied
    committed  told the outputs of each transaction, after it
    observe    takes one observation of a histogram: name, labels, seconds
    """

    settings: Settings
    roles: Mapping[str, Role]  # by topic
    control: Control
    crash: Callable[[BaseException], None]
    applied: Callable[[Role], None]
    committed: Callable[[Role, Sequence[Output]], None]
    observe: Callable[[str, tuple[str, ...], float], None]


class Runner:
    """All owners of one worker. Not thread-safe: everything happens on one event loop."""

    def __init__(self, parts: Parts) -> None:
        self.owners: dict[TopicPartition, Owner] = {}
        self._parts = parts
        hooks = Hooks(
            self._spawn,
            parts.applied,
            self._committed,
            parts.observe,
            self._caught_up,
            self._pace,
            _now_ms,
            self._take_turn,
            Hurry(),
        )
        self._turn = asyncio.Lock()
        takeover = Takeover(parts.settings, parts.roles, parts.control, hooks)
        self.claims = Claims(takeover, self._spawn, self._ready)
        self.source: Source | None = None  # set with the first assignment
        self.transactions = Counter({role.name: 0 for role in parts.roles.values()})
        self._revoked_s: float | None = None  # when reading stopped for the rebalance that is going on
        self._closed = False
        parts.control.listen(self._reset)

    def assigned(self, source: Source, partitions: Sequence[TopicPartition]) -> None:
        """Take the partitions over in the background."""
        self.source = source
        if not self._closed:
            self.claims.stake(source, partitions, self.owners)

    async def revoked(self) -> None:
        """Give all partitions up within seconds: commit what is applied, leave the state, disconnect."""
        if self.owners:
            self._revoked_s = time.monotonic()
        await self._release(REVOKE_S)

    def leases(self) -> Mapping[TopicPartition, Lease]:
        """Return under which lease each partition is read; those that are not read are left out."""
        owners = self.owners.items()
        return {tp: owner.lease for tp, owner in owners if owner.lease is not None and owner.lease.open}

    def lost_log(self, error: OffsetOutOfRangeError) -> None:
        """End: the log was cut off under us."""
        self._parts.crash(
            Refused(
                f"the log no longer has the offset to read next ({error}): records were deleted before they "
                f"were read. Keep the log longer (`kafka.retention`), or add workers."
            )
        )

    async def take(self, batch: Batch) -> None:
        """Give a batch to its owner; an error there ends the process."""
        try:
            batch.lease.owner.take(batch)
        except BaseException as error:  # noqa: BLE001 (the one place; a panic in Rust code is no Exception)
            self._parts.crash(error)

    async def close(self, timeout_s: float) -> None:
        """Drain: take nothing new, commit what is applied."""
        self._closed = True
        await self._release(timeout_s)

    def watch(self) -> None:
        """End the process if a log has more and nothing of it was applied for long. Call once a second."""
        for owner in self.owners.values():
            if owner.stuck_s() > STUCK_S:
                self._parts.crash(
                    Stuck(
                        f"{owner.source.topic}/{owner.source.partition}: nothing applied for {STUCK_S:.0f} s "
                        f"though there may be more to read: is the broker away? {owner.described()}"
                    )
                )

    def _ready(self, owner: Owner) -> None:
        self.owners[owner.source] = owner
        if not owner.machine.paused:
            owner.read_on()
        if not self.claims and self._revoked_s is not None:
            pause_s, self._revoked_s = time.monotonic() - self._revoked_s, None
            self._parts.observe("fenghuo_rebalance_seconds", (), pause_s)
            logger.info("a rebalance is over: nothing was read for %.1f s", pause_s)

    async def _release(self, timeout_s: float) -> None:
        await self.claims.drop()
        owners, self.owners = list(self.owners.values()), {}
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*(owner.finish() for owner in owners))
        except TimeoutError:
            logger.warning("not all was committed within %.0f s: it will be read again", timeout_s)
            await self._disconnect(owners)
        except BaseException as error:  # noqa: BLE001 (as in take)
            self._parts.crash(error)

    async def _disconnect(self, owners: Sequence[Owner]) -> None:
        try:
            async with asyncio.timeout(DISCONNECT_S):
                await asyncio.gather(*(owner.disconnect() for owner in owners))
        except TimeoutError:
            logger.warning("the broker does not answer: leaving connections as they are")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return spawn(work, self._parts.crash)

    def _reset(self, partition: TopicPartition, offset: int) -> None:
        """Pass an operator's order on; read on where the machine stopped if it takes input again."""
        owner = self.owners.get(partition)
        if owner is None:
            return  # another worker's; or it is being restored and asks the control itself
        owner.machine.reset_fuse(offset)
        if not owner.reading and not owner.machine.paused:
            self._spawn(self._resume(owner))

    async def _resume(self, owner: Owner) -> None:
        assert self.source is not None  # noqa: S101 (an owner came through `assigned`)
        await self.source.move(owner.source, owner.headway.position)
        owner.read_on()

    def _committed(self, role: Role, outputs: Sequence[Output]) -> None:
        self.transactions[role.name] += 1
        self._parts.committed(role, outputs)

    def _caught_up(self, partition: TopicPartition) -> bool:
        return self.source is not None and self.source.caught_up(partition)

    async def _take_turn(self) -> None:
        """Let the loop come round: what the owner before has sent is on its way while this one computes."""
        async with self._turn:
            await asyncio.sleep(0)

    def _pace(self) -> Pace:
        kafka = self._parts.settings.kafka
        gap_s = len(self.owners) / TRANSACTIONS_PER_S
        return Pace(kafka.flush_ceiling_ms / 1000, gap_s, kafka.checkpoint_every_ms / 1000)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
