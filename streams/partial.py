"""A partial: what one source adds to one partial partition, as columns (`fenghuo.partial.v1`)."""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

VERSION = 1
NO_TIME = -(2**62)  # a watermark before any record

Ints = NDArray[np.int64]


class Cells(NamedTuple):
    """Sums of one group: one entry per (pane, entity) touched.

    entities  canonical names; `entity` indexes into them
    panes     start of the pane, epoch ms
    counts    observations in the cell
    values    sum, min, max or last in fixed point (the group's scale); zeros for count
    times, ids for `last`: event_time (epoch ms) and event_id of the value; else empty
    registers for `distinct`: HyperLogLog registers, uint8 (entry, register); else empty
    """

    entities: list[str]
    entity: NDArray[np.int32]
    panes: Ints
    counts: Ints
    values: Ints
    times: Ints
    ids: list[str]
    registers: NDArray[np.uint8]


class Partial(NamedTuple):
    """The state of one source after offset `to_offset`, and the cells since `from_offset` of one partition.

    watermark_ms  event time passed by the source, lateness already taken off; NO_TIME before any record
    projected_ms  where the watermark would stand if the source had only fallen silent; NO_TIME if unknown
    idle          caught up and nothing to read for a while
    record_ms     greatest record timestamp read
    late          records older than the watermark since from_offset
    groups        group key (`orders/region`) -> cells
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
    groups: dict[str, Cells]

    @property
    def source(self) -> str:
        """`topic/partition`: the key of the record."""
        return f"{self.topic}/{self.partition}"


class PartialRefused(ValueError):  # noqa: N818 (named like what it says)
    """A record of the partial topic that is not of this version."""


def to_bytes(partial: Partial) -> bytes:
    """Encode as msgpack: scalars, then per group raw little-endian columns."""
    groups = {key: _pack(cells) for key, cells in partial.groups.items()}
    return _ENCODER.encode((VERSION, *partial[:-1], groups))


def from_bytes(data: bytes) -> Partial:
    """Decode. Raises PartialRefused."""
    try:
        version, *scalars, groups = _DECODER.decode(data)
        if version != VERSION:
            raise PartialRefused(
                f"partial of version {version}, have {VERSION}: upgrade detect before ingest"
            )
        return Partial._make([*scalars, {key: _unpack(columns) for key, columns in groups.items()}])
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise PartialRefused(f"not a partial: {error}") from error


def _pack(cells: Cells) -> tuple[object, ...]:
    return tuple(column if isinstance(column, list) else column.tobytes() for column in cells)


def _unpack(columns: list[object]) -> Cells:
    entities, entity, panes, counts, values, times, ids, registers = columns
    entries = np.frombuffer(entity, np.int32)  # type: ignore[call-overload]
    longs = (np.frombuffer(column, np.int64) for column in (panes, counts, values, times))  # type: ignore[call-overload]
    flat = np.frombuffer(registers, np.uint8)  # type: ignore[call-overload]
    return Cells._make(
        [entities, entries, *longs, ids, flat.reshape(len(entries), -1) if flat.size else flat]
    )


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple)
