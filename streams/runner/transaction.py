"""The transactions of one partition: outputs and offset become visible together, or not at all."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer, OffsetAndMetadata, TopicPartition
from aiokafka.errors import InvalidTxnState

from streams.machine import Output
from streams.runner.trouble import TOO_LARGE, too_large
from streams.settings.connection import connection
from streams.settings.model import Kafka

COMMIT_TIMEOUT_S = 60.0
TRANSACTION_TIMEOUT_MS = (
    30_000  # a worker that hangs in a transaction hides later records no longer than this
)
REQUEST_BYTES_MAX = 16 * 1_048_576  # before compression; the broker has its own limit on what arrives


class Transactions:
    """A transactional producer that always has a transaction begun.

    `open` fences whoever wrote under the same id before: its next commit fails for good. After any error the
    transaction is left as it is and the process must end: the next `open` under this id aborts it.
    """

    def __init__(
        self, kafka: Kafka, transactional_id: str, group: str, writes: Sequence[TopicPartition] = ()
    ) -> None:
        """Take the partitions that nearly all transactions write to."""
        self._group = group
        self._writes = writes
        self._expected = True
        self._producer = AIOKafkaProducer(
            **connection(kafka),
            transactional_id=transactional_id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS + kafka.flush_ceiling_ms,
            max_request_size=REQUEST_BYTES_MAX,
            # gzip takes more CPU than all else; the broker keeps topics that others read as gzip
            compression_type="zstd",
        )

    async def open(self) -> None:
        """Connect, and fence the former owner."""
        await self._producer.start()
        await self._begin()

    def expect(self) -> None:
        """Say that a commit will follow soon: the coordinator is told now which partitions it writes to.

        One round trip less while somebody waits for the commit.
        """
        if not self._expected and self._refusal() is None:
            self._expected = True
            for partition in self._writes:
                self._producer._txn_manager.maybe_add_partition_to_txn(partition)

    async def commit(
        self, outputs: Sequence[Output], source: TopicPartition, offset: int, metadata: str
    ) -> None:
        """Write the outputs and the offset of `source` in one transaction; begin the next one.

        Raises what aiokafka raises (ProducerFenced when another worker took over), TimeoutError, TooLarge.
        """
        self._expected = True
        if refused := self._refusal():
            raise refused
        async with asyncio.timeout(COMMIT_TIMEOUT_S):
            # All sends are waited for one by one: a failed batch alone would not fail the commit. Offsets
            # come after them: the broker stalls a produce request that meets a transaction in transition.
            sent = [await self._send(output) for output in outputs]
            try:
                await asyncio.gather(*map(_stored, outputs, sent))
            except InvalidTxnState as error:
                raise self._refusal() or error from None
            await self._producer.send_offsets_to_transaction(
                {source: OffsetAndMetadata(offset, metadata)}, self._group
            )
            await self._producer.commit_transaction()
            await self._begin()

    async def _begin(self) -> None:
        await self._producer.begin_transaction()
        self._expected = False

    def _refusal(self) -> BaseException | None:
        """Return why the coordinator did not take a partition into the transaction: batches do not know.

        Only the transaction's own future does, and committing or aborting to hear it could make it final.
        """
        waiter: asyncio.Future[None] = self._producer._txn_manager._transaction_waiter
        return waiter.exception() if waiter.done() and not waiter.cancelled() else None

    async def close(self) -> None:
        """Disconnect. What was sent and not committed is aborted by the next owner, or times out."""
        await self._producer.stop()

    async def _send(self, output: Output) -> asyncio.Future[object]:
        try:
            sent: asyncio.Future[object] = await self._producer.send(
                output.topic,
                output.value,
                output.key,
                output.partition,
                output.timestamp,
                list(output.headers),
            )
        except TOO_LARGE as error:
            raise too_large(output) from error
        return sent


async def _stored(output: Output, sent: asyncio.Future[object]) -> None:
    try:
        await sent
    except TOO_LARGE as error:
        raise too_large(output) from error
