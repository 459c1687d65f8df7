"""A partial: what one source adds to one partial partition, as columns (`fenghuo.partial.v1`)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

VERSION = 2  # in 1 each group had cells of its own
NO_TIME = -(2**62)  # a watermark before any record

Ints = NDArray[np.int64]
Places = NDArray[np.int32]
Row = tuple[str, str, int, int, int]  # group, entity, pane, count, value
_NO_INTS = np.empty(0, np.int64)
_NO_REGISTERS = np.empty(0, np.uint8)


class Sheet(NamedTuple):
    """Sums of groups that share their dimensions: the cells touched, then an entry per cell and group.

    A cell is a pane of an entity; cells of an entity lie together, entries in the order of their cells.

    groups    keys (`orders/region`); `group` of an entry indexes into them
    entities  canonical names; `entity` of a cell indexes into them
    panes     of each cell: its start, epoch ms
    cell      of each entry
    counts    observations in the entry
    values    sum, min, max or last in fixed point (the group's scale); zeros for count
    times, ids for `last`: event_time (epoch ms) and event_id of the value; else empty
    registers for `distinct`: HyperLogLog registers, uint8 (entry, register); else empty
    """

    groups: list[str]
    entities: list[str]
    entity: Places
    panes: Ints
    group: Places
    cell: Places
    counts: Ints
    values: Ints
    times: Ints = _NO_INTS
    ids: Sequence[str] = ()
    registers: NDArray[np.uint8] = _NO_REGISTERS

    @property
    def plain(self) -> bool:
        """Whether the values are all there is of an entry."""
        return not len(self.times) and not len(self.registers)

    def part(self, first: int, last: int) -> "Sheet":
        """Return the cells from first to last, the latter excluded, and their entries; at least one cell."""
        start, end = np.searchsorted(self.cell, (first, last)).tolist()
        low, high = int(self.entity[first]), int(self.entity[last - 1]) + 1
        return Sheet(
            self.groups,
            self.entities[low:high],
            self.entity[first:last] - np.int32(low),
            self.panes[first:last],
            self.group[start:end],
            self.cell[start:end] - np.int32(first),
            self.counts[start:end],
            self.values[start:end],
            self.times[start:end],
            self.ids[start:end],
            self.registers[start:end],
        )

    def rows(self) -> Iterator[Row]:
        """Yield each entry."""
        columns = (self.group, self.cell, self.counts, self.values)
        for group, cell, count, value in zip(*(column.tolist() for column in columns), strict=True):
            yield self.groups[group], self.entities[self.entity[cell]], int(self.panes[cell]), count, value


class Partial(NamedTuple):
    """The state of one source after offset `to_offset`, and the sums since `from_offset` of one partition.

    watermark_ms  event time passed by the source, lateness already taken off; NO_TIME before any record
    projected_ms  where the watermark would stand if the source had only fallen silent; NO_TIME if unknown
    idle          caught up and nothing to read for a while
    record_ms     greatest record timestamp read
    late          records older than the watermark since from_offset
    """

    topic: str
    partition: int
    from_offset: int
    to_offset: int
    watermark_ms: int
    projected_ms: int
    idle: bool
    record_ms: int
    read: int
    late: int
    plan: str
    sheets: Sequence[Sheet]

    @property
    def source(self) -> str:
        """`topic/partition`: the key of the record."""
        return f"{self.topic}/{self.partition}"

    def rows(self) -> Iterator[Row]:
        """Yield each entry: for who reads a few of them."""
        return chain.from_iterable(map(Sheet.rows, self.sheets))


class PartialRefused(ValueError):  # noqa: N818 (named like what it says)
    """A record of the partial topic that is not of this version."""


def to_bytes(partial: Partial) -> bytes:
    """Encode as msgpack: scalars, then per sheet raw little-endian columns."""
    return _ENCODER.encode((VERSION, *partial[:-1], list(map(_pack, partial.sheets))))


def from_bytes(data: bytes) -> Partial:
    """Decode; also what version 1 wrote. Raises PartialRefused."""
    try:
        version, *scalars, sheets = _DECODER.decode(data)
        if version not in _SHEETS:
            raise PartialRefused(
                f"partial of version {version}, have {VERSION}: upgrade detect before ingest"
            )
        return Partial._make([*scalars, _SHEETS[version](sheets)])
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise PartialRefused(f"not a partial: {error}") from error


def _pack(sheet: Sheet) -> tuple[object, ...]:
    return tuple(column.tobytes() if isinstance(column, np.ndarray) else column for column in sheet)


def _unpack(columns: Sequence[Any]) -> Sheet:
    groups, entities, entity, panes, group, cell, counts, values, times, ids, registers = columns
    entries = np.frombuffer(group, np.int32)
    return Sheet(
        groups,
        entities,
        np.frombuffer(entity, np.int32),
        np.frombuffer(panes, np.int64),
        entries,
        np.frombuffer(cell, np.int32),
        np.frombuffer(counts, np.int64),
        np.frombuffer(values, np.int64),
        np.frombuffer(times, np.int64),
        ids,
        _registers(registers, len(entries)),
    )


def _unpack_alone(key: str, columns: Sequence[Any]) -> Sheet:
    """Return the sheet of a group that had cells of its own."""
    entities, entity, panes, counts, values, times, ids, registers = columns
    cells = len(entity) // 4
    alone = np.zeros(cells, np.int32).tobytes(), np.arange(cells, dtype=np.int32).tobytes()
    return _unpack(([key], entities, entity, panes, *alone, counts, values, times, ids, registers))


def _registers(data: bytes, entries: int) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8).reshape(entries, -1) if data else _NO_REGISTERS


def _sheets_of_1(groups: Mapping[str, Sequence[Any]]) -> list[Sheet]:
    return [_unpack_alone(*item) for item in groups.items()]


def _sheets_of_2(sheets: Sequence[Sequence[Any]]) -> list[Sheet]:
    return list(map(_unpack, sheets))


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple)
_SHEETS: Mapping[int, Callable[[Any], list[Sheet]]] = {1: _sheets_of_1, VERSION: _sheets_of_2}
