"""Reading a part of a log, from one offset to another, outside any consumer group."""

from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.machine import Record
from streams.settings.connection import connection
from streams.settings.model import Kafka

BATCH = 5_000
POLL_MS = 500
FETCH_BYTES = 16 * 1_048_576  # restoring is read after read: fewer of them


class Bounds(NamedTuple):
    """The offsets a log has: first, and after the last that a read_committed reader may see."""

    start: int
    end: int


class Log:
    """A reader of the committed records of one partition. As an async context manager: connects, disconnects.

    One partition a reader: closed after a second `assign`, aiokafka's fetcher may miss its own cancellation.
    """

    def __init__(self, kafka: Kafka, partition: TopicPartition) -> None:
        self._partition = partition
        self._consumer = AIOKafkaConsumer(
            **connection(kafka),
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="none",  # a reset would race with the seek and read nothing, or from elsewhere
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=FETCH_BYTES,
        )

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def bounds(self) -> Bounds:
        """Return which offsets can be read now."""
        start = await self._consumer.beginning_offsets([self._partition])
        end = await self._consumer.end_offsets([self._partition])
        return Bounds(start[self._partition], end[self._partition])

    async def read(self, start: int, end: int) -> AsyncIterator[Sequence[Record]]:
        """Yield the records with start <= offset < end in batches. Call once.

        The end is told by the position: the last offsets of a log may be markers, not records.

        Raises aiokafka.errors.OffsetOutOfRangeError if the log starts after `start`.
        """
        if start >= end:
            return
        self._seek(start)
        while await self._consumer.position(self._partition) < end:
            records = [record for record in await self._fetch() if record.offset < end]
            if records:
                yield records

    async def follow(self, start: int) -> AsyncIterator[Sequence[Record]]:
        """Yield the records from `start` on, for ever, as they come. Call once."""
        self._seek(start)
        while True:
            if records := await self._fetch():
                yield records

    def _seek(self, offset: int) -> None:
        # Nothing is awaited in between: the fetcher never sees the partition without a position.
        self._consumer.assign([self._partition])
        self._consumer.seek(self._partition, offset)

    async def _fetch(self) -> Sequence[Record]:
        fetched = await self._consumer.getmany(self._partition, timeout_ms=POLL_MS, max_records=BATCH)
        records: Sequence[Record] = fetched.get(self._partition, ())
        return records


async def compacted(kafka: Kafka, topic: str) -> dict[bytes, bytes]:
    """Return the newest value of each key of a one-partition topic, as committed now."""
    kept: dict[bytes, bytes] = {}
    async with Log(kafka, TopicPartition(topic, 0)) as log:
        bounds = await log.bounds()
        async for records in log.read(*bounds):
            for record in records:
                _keep(kept, record)
    return kept


def _keep(kept: dict[bytes, bytes], record: Record) -> None:
    if record.key is None:
        return
    if record.value is None:
        kept.pop(record.key, None)
    else:
        kept[record.key] = record.value
