"""The owner of one partition: applies its records, commits its outputs, writes its checkpoints."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from aiokafka import TopicPartition

from streams.machine import Output, Record
from streams.runner.headway import Headway
from streams.runner.hooks import Hooks, State
from streams.runner.lease import Batch, BatchLost, Lease
from streams.runner.pace import Last, Work, next_s
from streams.runner.role import Role
from streams.runner.snapshots import Snapshots
from streams.runner.transaction import Transactions

IDLE_S = 1.0  # a machine with nothing to read is asked this often whether it has to say so
OFFSET_S = 5.0  # an offset without outputs is committed this late
HOLD_S = 0.25  # at most so long nothing is read of a partition that has told, while others are waited for
# A slow broker slows reading, not memory: what was applied and not committed is bounded, and so is a partial.
HELD_MAX = 100_000  # no more are read until some are committed


class Owner:
    """Drives one machine over one partition. While a transaction is on its way, records go on being applied.

    Every error leaves the state and the transaction as they are: the process has to end.
    """

    def __init__(
        self, source: TopicPartition, state: State, role: Role, transactions: Transactions, hooks: Hooks
    ) -> None:
        self.source = source
        self.role = role
        self.machine = state.machine
        self.headway = Headway(state.position)
        self.lease: Lease | None = None
        now_s = time.monotonic()
        self._snapshots = Snapshots(state, role.plan, now_s)
        self._transactions = transactions
        self._hooks = hooks
        self._wake = asyncio.Event()
        self._closing = False
        self._flushed_s = self._progress_s = now_s
        self._last = Last(now_s, now_s - HOLD_S, now_s)
        self._pump = hooks.spawn(self._run())

    def read_on(self) -> Lease:
        """Return a new lease that begins at the position; void the one before."""
        self.stop_reading()
        self.lease = Lease(self, self.headway.position)
        return self.lease

    def stop_reading(self) -> None:
        """Void what is on its way."""
        if self.lease is not None:
            self.lease.close()

    def take(self, batch: Batch) -> None:
        """Apply a batch, unless its lease is void.

        Raises BatchLost if records before it are missing, and whatever the machine raises.
        """
        batch.lease.queued -= len(batch.records)
        if not batch.lease.open:
            return
        position = self.headway.position
        if batch.follows != position:
            raise BatchLost(f"{self.source}: a batch follows {batch.follows}, but we are at {position}")
        self._transactions.expect()
        self._apply(batch.records)
        self._progress_s = time.monotonic()
        if self.machine.paused:
            self.stop_reading()
        if self._work().urgent:
            self._wake.set()

    async def _run(self) -> None:
        while not self._closing:
            await self._until_due()
            await self._hooks.turn()
            await self.flush()
            self._last = self._last._replace(looked_s=time.monotonic())
            self._snapshots.encode()

    async def flush(self) -> None:
        """Commit outputs, offset and the next blocks of a checkpoint, if there is anything to commit."""
        now_s = time.monotonic()
        if not self._work().hurried:
            await self._flush(now_s)
            return
        self._last = self._last._replace(urged_s=now_s)
        with self._hooks.hurry:
            await self._flush(now_s)

    async def _flush(self, now_s: float) -> None:
        idle = not self.headway.unflushed and not self._snapshots.ready(now_s)
        if idle and now_s - self._flushed_s < IDLE_S:
            return
        outputs = self._outputs(now_s)
        blocks = self._snapshots.take(now_s)
        if outputs or blocks or self._offset_due(now_s):
            await self._commit(outputs, blocks)
        else:
            self.headway.settle()

    async def finish(self) -> None:
        """Stop reading, commit what is applied, then write the state for the next owner, then disconnect."""
        self.stop_reading()
        self._closing = True
        self._wake.set()
        await self._pump
        if self.headway.unflushed or self.headway.uncommitted:
            await self._commit(self._outputs(time.monotonic()))
        for blocks in self._snapshots.last(self.headway.position, time.monotonic()):
            await self._commit([], blocks)
        await self.disconnect()

    async def disconnect(self) -> None:
        """Stop the producer; nothing more is committed."""
        self.stop_reading()
        self._pump.cancel()
        await self._transactions.close()

    @property
    def reading(self) -> bool:
        """Whether records are wanted; not while the machine is paused."""
        return self.lease is not None and self.lease.open

    @property
    def room(self) -> bool:
        """Whether more may be read now.

        Who has just told what others waited for leaves the machine to those who have not yet.
        """
        told_s = time.monotonic() - self._last.urged_s
        return self.headway.held < HELD_MAX and not (self._hooks.hurry.on and told_s < HOLD_S)

    def stuck_s(self) -> float:
        """Return for how long there has been more to read without anything being applied."""
        if not self.reading or self.caught_up():
            self._progress_s = time.monotonic()
        return time.monotonic() - self._progress_s

    def described(self) -> str:
        """Return the state of the work in one line, for whoever has to find out why it stands still."""
        queued = self.lease.queued if self.lease is not None else 0
        return (
            f"offset {self.headway.position}, committed {self.headway.committed}; records waiting {queued}, "
            f"applied and not committed {self.headway.held}; last commit "
            f"{time.monotonic() - self._last.committed_s:.0f} s ago"
        )

    def caught_up(self) -> bool:
        """Whether all of the log is applied."""
        drained = self.lease is not None and not self.lease.queued
        return drained and self.reading and self._hooks.caught_up(self.source)

    def behind_s(self) -> float | None:
        """Return the age of the last record applied, 0 if there is no more; None before the first one."""
        if self.caught_up():
            return 0.0
        return self.headway.age_s(self._hooks.now_ms())

    def _apply(self, records: Sequence[Record]) -> None:
        started = time.perf_counter()
        self.machine.apply(records)
        self._hooks.observe("fenghuo_apply_seconds", (self.role.name,), time.perf_counter() - started)
        self.headway.apply(records, self._hooks.now_ms())
        self._snapshots.count(len(records))
        self._hooks.applied(self.role)

    def _outputs(self, now_s: float) -> list[Output]:
        outputs = self.machine.flush(self._hooks.now_ms(), caught_up=self.caught_up())
        self._flushed_s = now_s
        self.headway.unflushed = 0
        if self._snapshots.due(now_s, self._hooks.pace().checkpoint_s, told=bool(outputs)):
            self._snapshots.freeze(self.headway.position, now_s)
        return outputs

    async def _commit(self, outputs: Sequence[Output], blocks: Sequence[Output] = ()) -> None:
        started = time.perf_counter()
        reached, metadata = self.headway.reached, self.machine.metadata()
        await self._transactions.commit([*outputs, *blocks], self.source, reached.offset, metadata)
        self.headway.commit(reached)
        self._last = self._last._replace(committed_s=time.monotonic())
        self._hooks.observe("fenghuo_flush_seconds", (self.role.name,), time.perf_counter() - started)
        self._hooks.committed(self.role, outputs)

    def _offset_due(self, now_s: float) -> bool:
        return self.headway.uncommitted and now_s - self._last.committed_s >= OFFSET_S

    async def _until_due(self) -> None:
        while not self._closing and (wait_s := self._wait_s()) > 0:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)

    def _wait_s(self) -> float:
        work = self._work()
        return next_s(self._hooks.pace(), work, self._last) - time.monotonic()

    def _work(self) -> Work:
        return Work(self.headway.unflushed, self.machine.due, self.headway.behind, self.caught_up())
