"""Recordings: files of events, one JSON object a line, read as the logs of input topics."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Literal

from streams.failure import Failure
from streams.machine import Record
from streams.recorded.glimpse import Glimpse, glimpser
from streams.recorded.lines import read_blocks
from streams.recorded.placement import Placed, Unplaced, in_order, place
from streams.settings.model import EventKind

Order = Literal["time", "file"]
NO_FIELDS: Mapping[EventKind, Mapping[str, str]] = {}


class TopicUnknown(Failure):
    """No line at the start of a file says which input topic the file belongs to."""


def read(
    files: Sequence[str],
    topics: Mapping[str, EventKind] | None = None,
    order: Order = "time",
    fields: Mapping[EventKind, Mapping[str, str]] = NO_FIELDS,
) -> Iterator[tuple[EventKind, Record]]:
    """Yield every line of the files as a record of its kind's log; broken lines too.

    files   .jsonl or .jsonl.gz
    topics  file -> kind, for files whose lines all belong to one input topic; in other files a line's
            `type` tells, and a line without a known type belongs where the line before it did
    order   `time`: merged by event time (a file is put in order over about 1 MiB); `file`: as they lie
    fields  per kind, our names of fields -> the producer's (`settings.fields`); applies to `topics`' files

    Offsets count from 0 per kind. A record's timestamp is when it would have arrived: the greatest event
    time so far, of all records (`time`) or of its kind (`file`). Memory: about 3 MiB a file.

    Raises FileUnreadable or TopicUnknown.
    """
    kinds = topics or {}
    placed = [_placed(file, kinds.get(file), fields) for file in files]
    if order == "file":
        return _records(chain.from_iterable(map(chain.from_iterable, placed)), together=False)
    ordered = [chain.from_iterable(in_order(blocks)) for blocks in placed]
    merged = ordered[0] if len(ordered) == 1 else heapq.merge(*ordered, key=itemgetter(0))
    return _records(merged, together=True)


def _records(lines: Iterator[Placed], *, together: bool) -> Iterator[tuple[EventKind, Record]]:
    offsets: defaultdict[EventKind, int] = defaultdict(int)
    highs: defaultdict[EventKind | None, int] = defaultdict(int)
    for at_ms, kind, line, headers in lines:
        clock = None if together else kind
        if at_ms > (high := highs[clock]):
            highs[clock] = high = at_ms
        offset = offsets[kind]
        offsets[kind] = offset + 1
        yield kind, Record._make((offset, high, None, line, headers))


def _placed(
    file: str, kind: EventKind | None, fields: Mapping[EventKind, Mapping[str, str]]
) -> Iterator[list[Placed]]:
    glimpse = glimpser(fields.get(kind, {}) if kind is not None else {})
    return place(_unplaced(file, kind, glimpse))


def _unplaced(
    file: str, given: EventKind | None, glimpse: Callable[[bytes], Glimpse]
) -> Iterator[list[Unplaced]]:
    last = given
    for lines in read_blocks(file):
        seen = [glimpse(line) for line in lines]
        if last is None:
            last = _first_kind(file, seen)
        block: list[Unplaced] = []
        for line, (time_ms, kind, headers) in zip(lines, seen, strict=True):
            if given is None and kind is not None:
                last = kind
            block.append((time_ms, last, line, headers))
        yield block


def _first_kind(file: str, seen: list[Glimpse]) -> EventKind:
    for _, kind, _ in seen:
        if kind is not None:
            return kind
    raise TopicUnknown(
        f"cannot tell the topic of {file}: none of its first {len(seen)} lines has a known `type`.\n"
        f"  If its lines are events of one topic, say which: --topic click={file}"
    )
