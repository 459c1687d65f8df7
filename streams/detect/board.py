"""A board: the merged sums of one group in buckets of event time, one slot per entity."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows
from detectors.table import Floats
from streams.detect.cursor import Cursor
from streams.detect.roster import Roster
from streams.detect.window import Windows
from streams.ingest.distinct import REGISTERS, estimate
from streams.partial import Cells
from streams.plan import Aggregate, Group

WAITING_MAX = 64  # parts of a bucket

Ints = NDArray[np.int64]
_NEUTRAL: dict[Aggregate, int] = {"min": np.iinfo(np.int64).max, "max": np.iinfo(np.int64).min}


class Bucket:
    """Sums of one bucket: counts and values by slot, grown as entities come."""

    __slots__ = ("counts", "ids", "registers", "times", "values")

    def __init__(self, aggregate: Aggregate) -> None:
        self.counts = np.zeros(0, np.int64)
        self.values = np.zeros(0, np.int64)
        self.times = np.zeros(0, np.int64)
        self.ids: dict[int, str] = {}
        self.registers = np.zeros((0, REGISTERS if aggregate == "distinct" else 0), np.uint8)

    @classmethod
    def of(
        cls, counts: Ints, values: Ints, times: Ints, ids: Sequence[str], registers: NDArray[np.uint8]
    ) -> "Bucket":
        """Return a bucket whose entry i has these columns; ids may be empty."""
        bucket = cls("count")
        bucket.counts, bucket.values, bucket.times, bucket.registers = counts, values, times, registers
        bucket.ids = dict(enumerate(ids))
        return bucket

    def copied(self) -> "Bucket":
        """Return a bucket of its own with the same sums."""
        bucket = Bucket("count")
        bucket.counts, bucket.values, bucket.times = self.counts.copy(), self.values.copy(), self.times.copy()
        bucket.registers, bucket.ids = self.registers.copy(), dict(self.ids)
        return bucket

    def reserve(self, size: int, neutral: int) -> None:
        """Make room for `size` slots."""
        more = size - len(self.counts)
        if more > 0:
            self.counts = np.concatenate([self.counts, np.zeros(more, np.int64)])
            self.values = np.concatenate([self.values, np.full(more, neutral, np.int64)])
            self.times = np.concatenate([self.times, np.full(more, -(2**62), np.int64)])
            blank = np.zeros((more, self.registers.shape[1]), np.uint8)
            self.registers = np.concatenate([self.registers, blank])


class Board:
    """Adds partial cells to buckets and reads windows from them.

    Merging commutes: sums are exact, minima and maxima are, the last value is decided by (event_time,
    event_id), registers take the maximum. So the order of partials does not matter.
    """

    def __init__(self, group: Group, windows: Windows, roster: Roster) -> None:
        self.group = group
        self.windows = windows
        self.roster = roster
        self.seen = np.zeros(0, bool)
        self.seen_count = 0
        self.readers: list[Cursor] = []
        self.buckets: dict[int, Bucket] = {}
        self._waiting: dict[int, list[tuple[Rows, Bucket]]] = {}  # by bucket, what is to be merged
        self._frozen: set[int] = set()  # buckets to be copied before they change
        self._neutral = _NEUTRAL.get(group.aggregate, 0)
        self._empty = Bucket(group.aggregate)

    def add(self, cells: Cells) -> tuple[dict[int, Rows], int]:
        """Take cells; return the slots touched by bucket, and how many cells no reader can use.

        They wait to be merged until their bucket is read: sixteen sources that tell of a minute are merged
        in one go.
        """
        slots = self.roster.slots(cells.entities)[cells.entity]
        self._see(slots)
        since_ms = self._oldest_needed_ms()
        touched: dict[int, Rows] = {}
        late = 0
        for start, at in self._by_bucket(cells.panes):
            if since_ms is not None and start < since_ms:
                late += len(slots[at])
            else:
                touched[start] = slots[at]
                self._wait(start, slots[at], _part(cells, at))
        return touched, late

    def window(self, buckets: list[int]) -> tuple[Ints, Floats]:
        """Return (observations, value in the metric's unit) per slot over these buckets.

        Values of empty slots are 0 for counts and sums, NaN for the rest.
        """
        merged = self.merged(buckets)
        counts, group = merged.counts, self.group
        if group.aggregate == "count":
            return counts, counts.astype(np.float64)
        if group.aggregate == "distinct":
            return counts, estimate(merged.registers)
        values = merged.values / group.scale
        return counts, values if group.aggregate == "sum" else np.where(counts > 0, values, np.nan)

    def merged(self, buckets: list[int]) -> Bucket:
        """Return the buckets as one, sized to the roster."""
        there = [self._settled(start) for start in buckets if start in self.buckets]
        if not there:
            self._empty.reserve(len(self.roster), self._neutral)
            return self._empty
        for bucket in there:
            bucket.reserve(len(self.roster), self._neutral)
        if len(there) == 1:
            return there[0]
        whole = Bucket(self.group.aggregate)
        whole.reserve(len(self.roster), self._neutral)
        slots = np.arange(len(self.roster))
        for bucket in there:
            self._combine(whole, slots, bucket)
        return whole

    def remember(self, seen: NDArray[np.bool_]) -> None:
        """Take over which slots were seen, from a stored state."""
        self.seen = seen
        self.seen_count = int(seen.sum())

    def forget_entities(self, slots: Rows) -> None:
        """Their entities are gone, and no bucket holds anything of them: what comes next is another's."""
        self.seen[slots[slots < len(self.seen)]] = False
        self.seen_count = int(self.seen.sum())

    def put_back(self, start: int, slots: Rows, part: Bucket) -> None:
        """Add stored entries of a bucket."""
        self._wait(start, slots, part)

    def freeze(self) -> dict[int, Bucket]:
        """Return the buckets as they are now; those that go on changing do so as copies."""
        buckets = self.settled()
        self._frozen = set(buckets)
        return buckets

    def settled(self) -> dict[int, Bucket]:
        """Return all buckets after what waits for them was merged."""
        return {start: self._settled(start) for start in self.buckets}

    def forget(self) -> None:
        """Drop buckets no reader will ask for."""
        oldest = self._oldest_needed_ms()
        if oldest is not None:
            self._keep({start: bucket for start, bucket in self.buckets.items() if start >= oldest})

    def clear(self) -> None:
        """Drop all buckets."""
        self._keep({})

    def _oldest_needed_ms(self) -> int | None:
        needs = [reader.oldest_needed_ms() for reader in self.readers]
        return min((n for n in needs if n is not None), default=None) if None not in needs else None

    def _keep(self, buckets: dict[int, Bucket]) -> None:
        self.buckets = buckets
        self._waiting = {start: parts for start, parts in self._waiting.items() if start in buckets}

    def _by_bucket(self, panes: Ints) -> list[tuple[int, slice | Rows]]:
        """Return the buckets that panes belong to, and which of the panes do."""
        first = self.windows.bucket_of(int(panes.min()))
        if int(panes.max()) < self.windows.next_bucket(first):
            return [(first, slice(None))]
        distinct, inverse = np.unique(panes, return_inverse=True)
        starts = np.array([self.windows.bucket_of(pane) for pane in distinct.tolist()], np.int64)
        return [(start, np.flatnonzero(starts[inverse] == start)) for start in np.unique(starts).tolist()]

    def _wait(self, start: int, slots: Rows, part: Bucket) -> None:
        self.buckets.setdefault(start, Bucket(self.group.aggregate))
        waiting = self._waiting.setdefault(start, [])
        waiting.append((slots, part))
        if len(waiting) >= WAITING_MAX:
            self._settled(start)

    def _settled(self, start: int) -> Bucket:
        """Return a bucket after what waits for it was merged: into a copy, if it is frozen."""
        waiting = self._waiting.pop(start, None)
        if waiting is None:
            return self.buckets[start]
        if start in self._frozen:
            self._frozen.discard(start)
            self.buckets[start] = self.buckets[start].copied()
        bucket = self.buckets[start]
        bucket.reserve(len(self.roster), self._neutral)
        aggregate = self.group.aggregate
        for slots, part in waiting if aggregate == "last" else [_together(waiting, aggregate)]:
            self._combine(bucket, slots, part)
        return bucket

    def _see(self, slots: Rows) -> None:
        more = len(self.roster) - len(self.seen)
        if more > 0:
            self.seen = np.concatenate([self.seen, np.zeros(more, bool)])
        if not self.seen[slots].all():
            self.seen[slots] = True
            self.seen_count = int(self.seen.sum())

    def _combine(self, into: Bucket, slots: Rows, part: Bucket) -> None:
        aggregate = self.group.aggregate
        if aggregate == "sum":
            np.add.at(into.values, slots, part.values)
        elif aggregate == "min":
            np.minimum.at(into.values, slots, part.values)
        elif aggregate == "max":
            np.maximum.at(into.values, slots, part.values)
        elif aggregate == "distinct":
            np.maximum.at(into.registers, slots, part.registers)
        elif aggregate == "last":
            _take_last(into, slots, part)
        np.add.at(into.counts, slots, part.counts)


def _part(cells: Cells, at: slice | Rows) -> Bucket:
    """Return entries of cells; what their aggregate does not have stays empty."""
    ids: Sequence[str] = ()
    if cells.ids:
        ids = cells.ids if isinstance(at, slice) else [cells.ids[entry] for entry in at.tolist()]
    times = cells.times[at] if len(cells.times) else cells.times
    registers = cells.registers[at] if len(cells.registers) else cells.registers
    return Bucket.of(cells.counts[at], cells.values[at], times, ids, registers)


def _together(waiting: Sequence[tuple[Rows, Bucket]], aggregate: Aggregate) -> tuple[Rows, Bucket]:
    """Return parts as one; not for `last`."""
    parts = [part for _, part in waiting]
    counts, values = (np.concatenate([getattr(one, name) for one in parts]) for name in ("counts", "values"))
    registers = parts[0].registers
    if aggregate == "distinct":
        registers = np.concatenate([part.registers for part in parts])
    slots = np.concatenate([slots for slots, _ in waiting])
    return slots, Bucket.of(counts, values, parts[0].times, (), registers)


def _take_last(into: Bucket, slots: Rows, part: Bucket) -> None:
    for i, slot in enumerate(slots.tolist()):
        if part.counts[i] == 0:
            continue
        new = (int(part.times[i]), part.ids.get(i, ""))
        if new > (int(into.times[slot]), into.ids.get(slot, "")):
            into.times[slot], into.ids[slot] = new
            into.values[slot] = part.values[i]
