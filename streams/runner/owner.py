"""The owner of one partition: applies its records, commits its outputs, writes its checkpoints."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from aiokafka import TopicPartition

from streams.machine import Output, Record
from streams.runner.checkpoint import Checkpoint
from streams.runner.hooks import Hooks, State
from streams.runner.lease import Batch, BatchLost, Lease
from streams.runner.pace import Last, Work, next_s
from streams.runner.role import Role
from streams.runner.transaction import Transactions

CATCH_UP_S = 5.0  # records older than this when read: we are behind, and throughput goes before latency
IDLE_S = 1.0  # a machine with nothing to read is asked this often whether it has to say so
OFFSET_S = 5.0  # an offset without outputs is committed this late
BLOCKS = 4  # of a checkpoint, written with one transaction
ENCODED = (
    50  # of a checkpoint, about 20 MB, encoded at a time: what windows find encoded does not hold them up
)
HOLD_S = 0.25  # at most so long nothing is read of a partition that has told, while others are waited for
# A slow broker slows reading, not memory: what was applied and not committed is bounded, and so is a partial.
HELD_MAX = 100_000  # no more are read until some are committed
CHECKPOINT_RECORDS = 500_000  # after so many a checkpoint is due before its time: bounds the replay


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
        self.position = state.position  # the offset after the last record applied
        self.committed = state.position
        self.lease: Lease | None = None
        self._writer = state.writer
        self._transactions = transactions
        self._hooks = hooks
        self._wake = asyncio.Event()
        self._closing = False
        self._applied = 0  # records since the last flush
        self._taken = self._settled = 0  # records ever applied; of these, committed with all they led to
        self._since_checkpoint = 0
        self._record_ms: int | None = None  # when the last record applied was written
        self._behind = False
        now_s = time.monotonic()
        self._flushed_s = self._frozen_s = self._progress_s = now_s
        self._last = Last(now_s, now_s - HOLD_S, now_s)
        if state.fresh:
            self._freeze()
        self._pump = hooks.spawn(self._run())

    def read_on(self) -> Lease:
        """Return a new lease that begins at the position; void the one before."""
        self.stop_reading()
        self.lease = Lease(self, self.position)
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
        if batch.follows != self.position:
            raise BatchLost(f"{self.source}: a batch follows {batch.follows}, but we are at {self.position}")
        self._transactions.expect()
        self._apply(batch.records)
        self.position = batch.end
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
            self._writer.prepare(ENCODED)

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
        if not self._applied and not self._writer.due(now_s) and now_s - self._flushed_s < IDLE_S:
            return
        outputs = self._outputs(now_s)
        blocks = self._writer.take_due(BLOCKS, now_s)
        if outputs or blocks or self._offset_due(now_s):
            await self._commit(outputs, blocks)
        else:
            self._settled = self._taken

    async def finish(self) -> None:
        """Stop reading, commit what is applied, then write the state for the next owner, then disconnect.

        A heavy state is not written: the next owner would wait for it longer than for a replay.
        """
        self.stop_reading()
        self._closing = True
        self._wake.set()
        await self._pump
        if self._applied or self.position != self.committed:
            await self._commit(self._outputs(time.monotonic()))
        if not self._writer.heavy:
            await self._write_out()
            if self._since_checkpoint:
                self._freeze()
                await self._write_out()
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
        return self._taken - self._settled < HELD_MAX and not (self._hooks.hurry.on and told_s < HOLD_S)

    def stuck_s(self) -> float:
        """Return for how long there has been more to read without anything being applied."""
        if not self.reading or self.caught_up():
            self._progress_s = time.monotonic()
        return time.monotonic() - self._progress_s

    def described(self) -> str:
        """Return the state of the work in one line, for whoever has to find out why it stands still."""
        queued = self.lease.queued if self.lease is not None else 0
        return (
            f"offset {self.position}, committed {self.committed}; records waiting {queued}, "
            f"applied and not committed {self._taken - self._settled}; last commit "
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
        if self._record_ms is None:
            return None
        return max(0, self._hooks.now_ms() - self._record_ms) / 1000

    def _apply(self, records: Sequence[Record]) -> None:
        started = time.perf_counter()
        self.machine.apply(records)
        self._hooks.observe("fenghuo_apply_seconds", (self.role.name,), time.perf_counter() - started)
        self._applied += len(records)
        self._taken += len(records)
        self._since_checkpoint += len(records)
        self._record_ms = records[-1].timestamp
        self._behind = self._hooks.now_ms() - self._record_ms > CATCH_UP_S * 1000
        self._hooks.applied(self.role)

    def _outputs(self, now_s: float) -> list[Output]:
        outputs = self.machine.flush(self._hooks.now_ms(), caught_up=self.caught_up())
        self._flushed_s = now_s
        self._applied = 0
        if self._checkpoint_due(now_s, told=bool(outputs)):
            self._freeze()
        return outputs

    async def _commit(self, outputs: Sequence[Output], blocks: Sequence[Output] = ()) -> None:
        started = time.perf_counter()
        offset, metadata, taken = self.position, self.machine.metadata(), self._taken
        await self._transactions.commit([*outputs, *blocks], self.source, offset, metadata)
        self.committed, self._settled = offset, taken
        self._last = self._last._replace(committed_s=time.monotonic())
        self._hooks.observe("fenghuo_flush_seconds", (self.role.name,), time.perf_counter() - started)
        self._hooks.committed(self.role, outputs)

    async def _write_out(self) -> None:
        while self._writer.pending:
            await self._commit([], self._writer.take(BLOCKS))

    def _freeze(self) -> None:
        """Take the state of this moment; it goes out with this transaction and the next ones."""
        state = self.machine.snapshot()
        self._writer.freeze(Checkpoint(self.position, self.machine.metadata(), state, self.role.plan))
        self._since_checkpoint = 0
        self._frozen_s = time.monotonic()

    def _checkpoint_due(self, now_s: float, *, told: bool) -> bool:
        """Whether to freeze: best right after something was told, when the next windows are far off."""
        if self._writer.pending or not self._since_checkpoint:
            return False
        every_s = self._hooks.pace().checkpoint_s * (1 if told else 2)
        return now_s - self._frozen_s >= every_s or self._since_checkpoint >= CHECKPOINT_RECORDS

    def _offset_due(self, now_s: float) -> bool:
        return self.position != self.committed and now_s - self._last.committed_s >= OFFSET_S

    async def _until_due(self) -> None:
        while not self._closing and (wait_s := self._wait_s()) > 0:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)

    def _wait_s(self) -> float:
        work = self._work()
        return next_s(self._hooks.pace(), work, self._last) - time.monotonic()

    def _work(self) -> Work:
        return Work(self._applied, self.machine.due, self._behind, self.caught_up())
