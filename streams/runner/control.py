"""Orders of an operator to the running workers: resetting the dead-letter fuse of a partition."""

import logging
from collections.abc import Callable, Sequence

import msgspec
from aiokafka import TopicPartition

from streams.machine import Output, Record
from streams.runner.log import Log
from streams.settings.model import Kafka

logger = logging.getLogger(__name__)


class Reset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Read this partition again: rejects before `offset` no longer count against its fuse."""

    topic: str
    partition: int
    offset: int

    @property
    def key(self) -> bytes:
        """Return the key of the record: the newest order per partition is kept."""
        return f"{self.topic}/{self.partition}".encode()


def to_output(reset: Reset, topic: str) -> Output:
    """Return the record for the control topic."""
    return Output(topic, reset.key, msgspec.json.encode(reset))


def from_record(record: Record) -> Reset | None:
    """Decode; None for a record that is no order (it is logged: whoever wrote it expects an effect)."""
    try:
        return msgspec.json.decode(record.value or b"", type=Reset)
    except msgspec.DecodeError as error:
        logger.warning("control record at offset %d ignored: %s", record.offset, error)
        return None


class Control:
    """Knows the newest order per partition, from the start of the worker on and while it runs."""

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self._kafka = kafka
        self._partition = TopicPartition(topic, 0)
        self._resets: dict[TopicPartition, int] = {}
        self._position = 0
        self._tell: Callable[[TopicPartition, int], None] | None = None

    def offset(self, partition: TopicPartition) -> int | None:
        """Return the offset of the newest reset of a partition; None if there was none."""
        return self._resets.get(partition)

    def listen(self, tell: Callable[[TopicPartition, int], None]) -> None:
        """Have every order that arrives from now on told, once it is known."""
        self._tell = tell

    async def read(self) -> None:
        """Read all orders there are. Call before any partition is taken over."""
        async with Log(self._kafka, self._partition) as log:
            start, end = await log.bounds()
            async for records in log.read(start, end):
                self.take(records)
            self._position = end

    async def follow(self) -> None:
        """Go on reading, for ever."""
        async with Log(self._kafka, self._partition) as log:
            async for records in log.follow(self._position):
                self.take(records)

    def take(self, records: Sequence[Record]) -> None:
        """Take orders in."""
        for record in records:
            reset = from_record(record)
            if reset is None:
                continue
            partition = TopicPartition(reset.topic, reset.partition)
            self._resets[partition] = reset.offset
            if self._tell is not None:
                self._tell(partition, reset.offset)
