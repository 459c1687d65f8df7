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
        self._frozen: set[int] = set()  # buckets to be copied before they change
        self._neutral = _NEUTRAL.get(group.aggregate, 0)
        self._empty = Bucket(group.aggregate)

    def add(self, cells: Cells) -> tuple[dict[int, Rows], int]:
        """Merge cells; return the slots touched by bucket, and how many cells no reader can use."""
        slots = self.roster.slots(cells.entities)[cells.entity]
        self._see(slots)
        since_ms = self._oldest_needed_ms()
        panes, inverse = np.unique(cells.panes, return_inverse=True)
        starts = np.array([self.windows.bucket_of(int(pane)) for pane in panes], np.int64)[inverse]
        touched: dict[int, Rows] = {}
        late = 0
        for start in np.unique(starts).tolist():
            at = np.flatnonzero(starts == start)
            if since_ms is not None and start < since_ms:
                late += len(at)
                continue
            self._merge(self._bucket(start), slots[at], cells, at)
            touched[start] = slots[at]
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
        there = [self.buckets[start] for start in buckets if start in self.buckets]
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

    def put_back(self, start: int, slots: Rows, part: Bucket) -> None:
        """Add stored entries of a bucket."""
        self._into(self._bucket(start), slots, part)

    def freeze(self) -> dict[int, Bucket]:
        """Return the buckets as they are now; those that go on changing do so as copies."""
        self._frozen = set(self.buckets)
        return dict(self.buckets)

    def forget(self) -> None:
        """Drop buckets no reader will ask for."""
        oldest = self._oldest_needed_ms()
        if oldest is not None:
            self.buckets = {start: bucket for start, bucket in self.buckets.items() if start >= oldest}

    def _oldest_needed_ms(self) -> int | None:
        needs = [reader.oldest_needed_ms() for reader in self.readers]
        return min((n for n in needs if n is not None), default=None) if None not in needs else None

    def _bucket(self, start: int) -> Bucket:
        if start not in self.buckets:
            self.buckets[start] = Bucket(self.group.aggregate)
        elif start in self._frozen:
            self._frozen.discard(start)
            self.buckets[start] = self.buckets[start].copied()
        return self.buckets[start]

    def _see(self, slots: Rows) -> None:
        if len(self.seen) < len(self.roster):
            self.seen = np.concatenate([self.seen, np.zeros(len(self.roster) - len(self.seen), bool)])
        self.seen[slots] = True
        self.seen_count = int(self.seen.sum())

    def _merge(self, bucket: Bucket, slots: Rows, cells: Cells, at: Rows) -> None:
        """Add entries `at` of the cells; the same slot may occur for several panes."""
        last, distinct = self.group.aggregate == "last", self.group.aggregate == "distinct"
        part = Bucket.of(
            cells.counts[at],
            cells.values[at],
            cells.times[at] if last else cells.times,
            [cells.ids[entry] for entry in at.tolist()] if last else (),
            cells.registers[at] if distinct else cells.registers,
        )
        self._into(bucket, slots, part)

    def _into(self, bucket: Bucket, slots: Rows, part: Bucket) -> None:
        bucket.reserve(len(self.roster), self._neutral)
        self._combine(bucket, slots, part)

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


def _take_last(into: Bucket, slots: Rows, part: Bucket) -> None:
    for i, slot in enumerate(slots.tolist()):
        if part.counts[i] == 0:
            continue
        new = (int(part.times[i]), part.ids.get(i, ""))
        if new > (int(into.times[slot]), into.ids.get(slot, "")):
            into.times[slot], into.ids[slot] = new
            into.values[slot] = part.values[i]
