"""The state of an ingest machine as data: whole for checkpoints, small for the offset's metadata.

Most of it are the ids of events, which only ever come in and go: they lie in blocks of their own, which stay
the same from one checkpoint to the next.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import chain, islice
from typing import Literal

import msgspec

from streams.block import from_blocks, to_blocks, version_of
from streams.frozen import Block, Frozen
from streams.ingest.duplicate import Segment
from streams.ingest.fuse import Blow
from streams.machine import StateRefused
from streams.partial import NO_TIME

VERSION = 2
ALL_IN_ONE = 1  # the version that had ids and all the rest in one piece
IDS = 2_048  # in a block: 80 KB of UUIDs, 2 MB of the longest there may be

Outcome = Literal["aggregated", "rejected", "late", "duplicate"]


class Small(msgspec.Struct, kw_only=True, gc=False):
    """What must survive without a checkpoint: it is committed with every offset.

    next_offset  first offset not read
    top_ms       greatest event time, see Watermark; event_record_ms = record timestamp of the last event
    record_ms    greatest record timestamp read
    outcomes     records read so far, by outcome
    """

    source: str
    next_offset: int = 0
    top_ms: int = NO_TIME
    event_record_ms: int = NO_TIME
    record_ms: int = NO_TIME
    outcomes: dict[Outcome, int] = {}
    blow: Blow | None = None


class Whole(msgspec.Struct, kw_only=True, gc=False):
    """The whole state."""

    small: Small
    fuse_rejects: list[tuple[int, int]] = []
    reject_reasons: dict[str, int] = {}
    unknown_fields: int = 0
    duplicates: list[Segment] = []


class Head(msgspec.Struct, kw_only=True, gc=False):
    """The whole state but for the ids of its segments: (event time of first and last, how many)."""

    small: Small
    fuse_rejects: list[tuple[int, int]]
    reject_reasons: dict[str, int]
    unknown_fields: int
    segments: list[tuple[int, int, int]]


def to_metadata(small: Small) -> str:
    """Return compact JSON, far below 2 KB."""
    return msgspec.json.encode(small).decode()


def to_state(whole: Whole) -> Frozen:
    """Return the blocks of a checkpoint: a head, then ids."""
    head = Head(
        small=whole.small,
        fuse_rejects=whole.fuse_rejects,
        reject_reasons=whole.reject_reasons,
        unknown_fields=whole.unknown_fields,
        segments=[(start, end, len(ids)) for start, end, ids in whole.duplicates],
    )
    (first,) = to_blocks(VERSION, msgspec.msgpack.encode(head))
    return Frozen([Block(lambda: first), *chain.from_iterable(map(_ids, whole.duplicates))])


def _ids(segment: Segment) -> Iterator[Block]:
    """Yield the ids of a segment; a block that is full stays as it is, so it is named by its content."""
    ids = segment[2]
    for at in range(0, len(ids), IDS):
        some = ids[at : at + IDS]
        data = b"".join(to_blocks(VERSION, msgspec.msgpack.encode(some)))
        name = f"ids-{blake2b(data, digest_size=12).hexdigest()}" if len(some) == IDS else ""
        yield Block(lambda data=data: data, name)  # type: ignore[misc]


def read(blocks: Sequence[bytes], metadata: str, source: str) -> Whole:
    """Return the state of a checkpoint, or without one what the metadata holds. Raises StateRefused."""
    try:
        if blocks:
            whole = _whole(blocks)
        elif metadata:
            whole = Whole(small=msgspec.json.decode(metadata, type=Small))
        else:
            return Whole(small=Small(source=source))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateRefused(f"state is damaged: {error}") from error
    if whole.small.source != source:
        raise StateRefused(f"state of {whole.small.source}, this is {source}")
    return whole


def _whole(blocks: Sequence[bytes]) -> Whole:
    if version_of(blocks) == ALL_IN_ONE:
        return msgspec.msgpack.decode(from_blocks(ALL_IN_ONE, blocks), type=Whole)
    head = msgspec.msgpack.decode(from_blocks(VERSION, blocks[:1]), type=Head)
    parts = (from_blocks(VERSION, [block]) for block in blocks[1:])
    ids = [one for part in parts for one in msgspec.msgpack.decode(part, type=list[str])]
    if len(ids) != sum(count for *_, count in head.segments):
        raise StateRefused("state is cut off: ids are missing")
    rest = iter(ids)
    return Whole(
        small=head.small,
        fuse_rejects=head.fuse_rejects,
        reject_reasons=head.reject_reasons,
        unknown_fields=head.unknown_fields,
        duplicates=[(start, end, list(islice(rest, count))) for start, end, count in head.segments],
    )
