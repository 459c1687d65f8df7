"""Records taken by batches are those that aiokafka gives one by one, with the same positions."""

import struct
import weakref
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from streams.runner.fetched import Results

PARTITION = TopicPartition("shop.click.v1", 0)
ABORT, COMMIT = 0, 1
CONTROL_BIT = 0x20
CRC_START = 21  # of a batch: what its checksum covers
NOBODY = -1


class Batch(NamedTuple):
    """A batch to be built: `marker` makes it a control batch."""

    records: int = 1
    producer: int = NOBODY
    marker: int | None = None
    compressed: bool = False


class Position:
    """Where the consumer stands, as aiokafka's assignment knows it."""

    active = True
    paused = False

    def __init__(self, position: int) -> None:
        self.position = position

    def state_value(self, _: TopicPartition) -> "Position":
        """Return the state of the one partition."""
        return self

    def consumed_to(self, position: int) -> None:
        """Move on."""
        self.position = position


def built(batch: Batch, first: int) -> bytes:
    """Return the bytes of a batch whose first record has the offset."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=1 if batch.compressed else 0,
        is_transactional=batch.producer != NOBODY,
        producer_id=batch.producer,
        producer_epoch=0,
        base_sequence=0,
        batch_size=1 << 20,
    )
    for at in range(batch.records):
        key = None if batch.marker is None else struct.pack(">HH", 0, batch.marker)
        builder.append(at, timestamp=1_700_000_000_000, key=key, value=b"%d" % (first + at), headers=[])
    data = bytearray(builder.build())
    data[:8] = first.to_bytes(8, "big")
    if batch.marker is not None:
        data[22] |= CONTROL_BIT
        data[CRC_START - 4 : CRC_START] = crc(data[CRC_START:])
    return bytes(data)


def crc(data: bytes | bytearray) -> bytes:
    """Return a checksum as a batch carries it."""
    return calc_crc32c(bytes(data)).to_bytes(4, "big")


def fetched(data: bytes, position: int, aborted: Sequence[tuple[int, int]] = ()) -> tuple[Any, Position]:
    """Return what the fetcher makes of an answer, and where it stands."""
    records = PartitionRecords(
        PARTITION, MemoryRecords(data), list(aborted), position, None, None, True, READ_COMMITTED
    )
    at = Position(position)
    return FetchResult(PARTITION, assignment=at, partition_records=records, backoff=0), at


def taken(result: Any, at: Position, room: int) -> Iterator[tuple[list[tuple[int, bytes]], int]]:
    """Take it all, so many at a time; yield offsets and values, and the position after them."""
    while result.has_more():
        yield [(record.offset, record.value) for record in result.getall(room)], at.position


def by_batches(result: Any) -> Any:
    """Keep it as the fetcher of ours does."""
    kept = Results()
    kept[PARTITION] = result
    return kept[PARTITION]


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, int, list[tuple[int, int]]]:
    """Return bytes of a log, where to begin, and (producer, first offset) of aborted transactions.

    A broker answers from the batch on that holds the position.
    """
    position = draw(st.integers(5, 1000))
    offset = position - draw(st.integers(0, 5))
    data, aborted, begun = built(Batch(6), offset), [], dict[int, int]()
    offset += 6
    for _ in range(draw(st.integers(0, 12))):
        producer = draw(st.sampled_from((NOBODY, 7, 8)))
        if producer in begun and draw(st.booleans()):
            batch = Batch(1, producer, draw(st.sampled_from((ABORT, COMMIT))))
            first = begun.pop(producer)
            aborted += [(producer, first)] if batch.marker == ABORT else []
        else:
            batch = Batch(draw(st.integers(1, 6)), producer, compressed=draw(st.booleans()))
            begun |= {producer: offset} if producer not in {NOBODY, *begun} else {}
        data += built(batch, offset)
        offset += batch.records + draw(st.integers(0, 2))  # compaction leaves gaps
    return data, position, aborted


@given(answers(), st.integers(1, 9))
def test_the_same_as_one_by_one(answer: tuple[bytes, int, list[tuple[int, int]]], room: int) -> None:
    plain = list(taken(*fetched(*answer), room))
    result, at = fetched(*answer)
    assert list(taken(by_batches(result), at, room)) == plain


def test_aborted_records_are_left_out() -> None:
    log = (Batch(2, 7), Batch(1, 7, ABORT), Batch(2, 8), Batch(1, 8, COMMIT))
    offsets = (0, 2, 3, 5)
    data = b"".join(map(built, log, offsets))
    result, at = fetched(data, 0, [(7, 0)])
    assert list(taken(by_batches(result), at, 10)) == [([(3, b"3"), (4, b"4")], 6)]


def test_a_position_that_was_moved_gives_nothing() -> None:
    result, at = fetched(built(Batch(5), 0), 0)
    by_batches(result)
    assert [record.offset for record in result.getall(2)] == [0, 1]
    at.position = 0
    assert result.getall(2) == []
    assert not result.has_more()


def test_a_damaged_batch_is_told() -> None:
    data = bytearray(built(Batch(3), 0) + built(Batch(3), 3))
    data[-1] ^= 1
    result, at = fetched(bytes(data), 0)
    by_batches(result)
    with pytest.raises(CorruptRecordException):
        result.getall(10)
    assert at.position == 0
    assert result.getall(10) == []  # asked for anew: nothing of it was handed out


def test_what_is_taken_is_let_go_at_once() -> None:
    result, _ = fetched(built(Batch(5), 0), 0)
    by_batches(result)
    records = weakref.ref(result._partition_records)
    while result.has_more():
        result.getall(10)
    gone = weakref.ref(result)
    del result
    assert records() is None
    assert gone() is None
