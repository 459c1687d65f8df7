"""The runner: gives every assigned partition an owner that counts each of its records exactly once.

There is one way out of every error: the process ends before an offset moves (`crash`).
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from sinks.metrics import Sample
from streams.failure import Failure
from streams.machine import Output, Shows
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
from streams.runner.transaction import Transactions
from streams.settings.model import Settings

TRANSACTIONS_PER_S = 40  # of one worker; more of them cost the broker more than they gain
REVOKE_S = 5.0
DISCONNECT_S = 2.0
STUCK_S = 60.0
SILENT_S = 5.0  # a broker that has not answered for so long is away

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
        self._takeover = Takeover(parts.settings, parts.roles, parts.control, hooks)
        self._source: Source | None = None
        self._claims: dict[TopicPartition, Transactions] = {}
        self._takeovers: set[asyncio.Task[None]] = set()
        self._transactions = Counter({role.name: 0 for role in parts.roles.values()})
        self._revoked_s: float | None = None  # when reading stopped for the rebalance that is going on
        self._closed = False
        parts.control.listen(self._reset)

    def assigned(self, source: Source, partitions: Sequence[TopicPartition]) -> None:
        """Take the partitions over in the background."""
        self._source = source
        if self._closed:
            return
        new = [tp for tp in partitions if tp not in self.owners and tp not in self._claims]
        claims = {partition: self._takeover.claim(partition) for partition in new}
        self._claims.update(claims)
        task = self._spawn(self._takeover.complete(source, claims, self._ready))
        self._takeovers.add(task)
        task.add_done_callback(self._takeovers.discard)

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

    def samples(self) -> list[Sample]:
        """Return what /metrics shows of the machines and of the runner now, beside single series."""
        samples = [sample for owner in self.owners.values() for sample in owner.machine.samples()]
        held = Counter(owner.role.name for owner in self.owners.values())
        for (topic, partition), owner in self.owners.items():
            if (behind_s := owner.behind_s()) is not None:
                samples.append(Sample("fenghuo_behind_seconds", (topic, str(partition)), behind_s))
        for name, transactions in self._transactions.items():
            samples.append(Sample("fenghuo_partitions", (name,), held[name]))
            samples.append(Sample("fenghuo_transactions_total", (name,), transactions))
        return samples

    def series(self) -> list[Callable[[int], Iterator[Sample]]]:
        """Return what the thread of a scrape may ask for samples of single series, so many at most."""
        machines = (owner.machine for owner in self.owners.values())
        return [machine.series for machine in machines if isinstance(machine, Shows)]

    def waiting(self) -> str:
        """Return what is in the way of reading all that was assigned; empty if nothing is."""
        claims = len(self._claims)
        if claims:
            return f"restoring {claims} of {claims + len(self.owners)} partitions"
        silent_s = self._silent_s()
        return f"Kafka has not answered for {silent_s:.0f} s" if silent_s > SILENT_S else ""

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

    @property
    def _fetching(self) -> bool:
        return any(lease.wanted for lease in self.leases().values())

    def _silent_s(self) -> float:
        """Return for how long there has been no answer though there are partitions to be fetched from."""
        answered_s = self._source.answered_s() if self._source is not None and self._fetching else None
        return 0.0 if answered_s is None else _now_ms() / 1000 - answered_s

    def _ready(self, owner: Owner) -> None:
        del self._claims[owner.source]
        self.owners[owner.source] = owner
        if not owner.machine.paused:
            owner.read_on()
        if not self._claims and self._revoked_s is not None:
            pause_s, self._revoked_s = time.monotonic() - self._revoked_s, None
            self._parts.observe("fenghuo_rebalance_seconds", (), pause_s)
            logger.info("a rebalance is over: nothing was read for %.1f s", pause_s)

    async def _release(self, timeout_s: float) -> None:
        await self._drop_claims()
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

    async def _drop_claims(self) -> None:
        for task in self._takeovers:
            task.cancel()
        await asyncio.gather(*self._takeovers, return_exceptions=True)
        claims, self._claims = self._claims, {}
        await asyncio.gather(*(claim.close() for claim in claims.values()))

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
        assert self._source is not None  # noqa: S101 (an owner came through `assigned`)
        await self._source.move(owner.source, owner.headway.position)
        owner.read_on()

    def _committed(self, role: Role, outputs: Sequence[Output]) -> None:
        self._transactions[role.name] += 1
        self._parts.committed(role, outputs)

    def _caught_up(self, partition: TopicPartition) -> bool:
        return self._source is not None and self._source.caught_up(partition)

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
