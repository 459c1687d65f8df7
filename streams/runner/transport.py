"""Faust's transport as the runner needs it.

With `consumer_thread` and `faust_app` the only file that touches Faust's private API (pinned: 0.15.3).

Four things differ from Faust's own:
* Nothing is committed here: offsets go into the transactions of the owners, together with the outputs.
* Where Faust would seek to the committed offsets (`perform_seek`), the partitions are given to the runner,
  which fences, restores, seeks and only then asks for records.
* A message on its way to an agent is a whole batch of one partition: Faust's price is paid per batch.
* The position never moves by itself (`auto_offset_reset=none`): a log that was cut off under us is an error.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from aiokafka import OffsetAndMetadata, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError
from faust.transport.drivers.aiokafka import Consumer as FaustConsumer
from faust.transport.drivers.aiokafka import Transport as FaustTransport
from faust.types import TP, ConsumerMessage

from streams.runner.consumer_thread import ConsumerThread
from streams.runner.lease import Batch, Lease

POLL_S = 1.0
HELD_POLL_S = 0.01  # while some partition has enough: it may want more at any moment
NOTHING = {TP("", 0)}  # polled while no partition is wanted, so that the group sees a consumer that polls


class Runner(Protocol):
    """What the transport asks of the runner. All calls are made on the main event loop."""

    def assigned(self, source: "Consumer", partitions: Sequence[TopicPartition]) -> None:
        """Take the partitions over, in the background; they are fetched from once `leases` names them."""

    async def revoked(self) -> None:
        """Give all partitions up: commit what is applied, stop the producers."""

    def leases(self) -> Mapping[TopicPartition, Lease]:
        """Return under which lease each partition is read."""

    def lost_log(self, error: OffsetOutOfRangeError) -> None:
        """Hear that a partition's log no longer has the position we read from."""


class Consumer(FaustConsumer):  # type: ignore[misc] # untyped
    """Hands batches under leases to the agents; commits nothing."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def runner(self) -> Runner:
        """Return the app's runner."""
        runner: Runner = self.app.runner
        return runner

    async def perform_seek(self) -> None:
        """Give the assigned partitions to the runner: the point at which they are owned."""
        self.runner.assigned(self, [TopicPartition(*tp) for tp in self.assignment()])

    async def committed(
        self, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Return the group's committed offsets; a partition without one is left out."""
        offsets: Mapping[TopicPartition, OffsetAndMetadata] = await self._thread.committed(partitions)
        return offsets

    async def move(self, partition: TopicPartition, offset: int) -> None:
        """Set the position of a partition, dropping what was fetched ahead."""
        await self._thread.move(partition, offset)

    def caught_up(self, partition: TopicPartition) -> bool:
        """Whether the last fetch, a moment ago, found nothing more to read."""
        caught_up: bool = self._thread.caught_up(partition)
        return caught_up

    def answered_s(self) -> float | None:
        """Return when the broker last answered a fetch, in seconds since the epoch; None: not yet."""
        answered_s: float | None = self._thread.answered_s()
        return answered_s

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Fetch once; yield one message per partition, whose value is a Batch."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        leases = self.runner.leases()
        wanted = {TP(*tp) for tp, lease in leases.items() if lease.wanted}
        if len(wanted) < len(leases):
            timeout = min(timeout, HELD_POLL_S)
        try:
            fetched = await self._getmany(wanted or NOTHING, timeout)
        except OffsetOutOfRangeError as error:
            self.runner.lost_log(error)
            raise
        for partition, records in fetched.items():
            lease = leases[TopicPartition(*partition)]
            if lease.open:
                yield TP(*partition), self._message(partition, lease.hand(records))

    def _message(self, partition: TopicPartition, batch: Batch) -> ConsumerMessage:
        first = batch.records[0]
        return ConsumerMessage(
            partition.topic,
            partition.partition,
            first.offset,
            first.timestamp / 1000,
            0,  # kind of timestamp; nobody reads it
            None,  # no headers: Faust would obey a reply-to header of the first record
            None,
            batch,
            None,
            0,
            0,
            TP(*partition),
            generation_id=self.app.consumer_generation_id,
        )

    async def _drain_messages(self, fetcher: Any) -> None:
        while not (self.should_stop or fetcher.should_stop):
            try:
                async for _, message in self.getmany(POLL_S):
                    await self.callback(message)
                await asyncio.sleep(0)
            except self.consumer_stopped_errors:
                if not self.app.should_stop:
                    raise
                return

    def ack(self, message: Any) -> bool:  # noqa: ARG002 (Faust's signature)
        """Acknowledge nothing."""
        return False

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ARG002 (Faust's signature)
        """Commit nothing."""
        return False

    async def _commit(self, offsets: Any) -> bool:
        raise AssertionError(f"Faust must not commit {offsets}: offsets belong to the owners' transactions")

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: leases bound what is on its way."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Do nothing: leases bound what is on its way."""

    async def verify_all_partitions_active(self) -> None:
        """Do nothing: the runner has its own watchdog; Faust's takes a paused partition for a hanging one."""


class Transport(FaustTransport):  # type: ignore[misc] # untyped
    """Makes our consumer."""

    Consumer = Consumer
