"""The state of an ingest machine as data: whole for checkpoints, small for the offset's metadata."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from streams.block import from_blocks, to_blocks
from streams.ingest.duplicate import Segment
from streams.ingest.fuse import Blow
from streams.machine import StateRefused
from streams.partial import NO_TIME

VERSION = 1

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


def to_metadata(small: Small) -> str:
    """Return compact JSON, far below 2 KB."""
    return msgspec.json.encode(small).decode()


def to_state(whole: Whole) -> list[bytes]:
    """Return the blocks of a checkpoint."""
    return to_blocks(VERSION, msgspec.msgpack.encode(whole))


def read(blocks: Sequence[bytes], metadata: str, source: str) -> Whole:
    """Return the state of a checkpoint, or without one what the metadata holds. Raises StateRefused."""
    try:
        if blocks:
            whole = msgspec.msgpack.decode(from_blocks(VERSION, blocks), type=Whole)
        elif metadata:
            whole = Whole(small=msgspec.json.decode(metadata, type=Small))
        else:
            return Whole(small=Small(source=source))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateRefused(f"state is damaged: {error}") from error
    if whole.small.source != source:
        raise StateRefused(f"state of {whole.small.source}, this is {source}")
    return whole
