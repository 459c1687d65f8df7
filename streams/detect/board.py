"""A board: the merged sums of one group in buckets of event time, one slot per entity."""

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows
from detectors.table import Floats
from streams.detect.bucket import Bucket, combine
from streams.detect.cursor import Cursor
from streams.detect.roster import Roster
from streams.detect.window import Windows
from streams.ingest.distinct import estimate
from streams.plan import Aggregate, Group

Ints = NDArray[np.int64]
_LEAST = np.iinfo(np.int64).min
_NEUTRAL: dict[Aggregate, int] = {"min": np.iinfo(np.int64).max, "max": _LEAST, "label": _LEAST}


class Board:
    """Adds partial cells to buckets and reads windows from them; the order of partials does not matter."""

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

    def add(self, start: int, slots: Rows, part: Bucket) -> None:
        """Merge a part of a bucket, entry i into `slots[i]`."""
        self._see(slots)
        combine(self.group.aggregate, self._open(start), slots, part)

    def window(self, buckets: list[int]) -> tuple[Ints, Floats]:
        """Return (observations, value in the metric's unit) per slot over these buckets.

        Values of empty slots are 0 for counts and sums, NaN for the rest.
        """
        merged = self.merged(buckets)
        if self.group.aggregate == "distinct":
            return merged.counts, estimate(merged.registers)
        return merged.counts, self._in_unit(merged.counts, merged.values)

    def pooled(self, buckets: list[int], pool: Rows, pools: int) -> tuple[Ints, Floats]:
        """Return the same of counts or sums by pool: of each slot its pool, a negative one for none."""
        merged = self.merged(buckets)
        counts, values = (_added(column, pool, pools) for column in (merged.counts, merged.values))
        return counts, self._in_unit(counts, values)

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
            combine(self.group.aggregate, whole, slots, bucket)
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
        combine(self.group.aggregate, self._open(start), slots, part)

    def freeze(self) -> dict[int, Bucket]:
        """Return the buckets as they are now; those that go on changing do so as copies."""
        self._frozen = set(self.buckets)
        return self.buckets.copy()

    def forget(self) -> None:
        """Drop buckets no reader will ask for."""
        oldest = self.oldest_needed_ms()
        if oldest is not None:
            self.buckets = {start: bucket for start, bucket in self.buckets.items() if start >= oldest}

    def clear(self) -> None:
        """Drop all buckets."""
        self.buckets = {}

    def oldest_needed_ms(self) -> int | None:
        """Return the start of the oldest bucket that some reader may ask for; None = any."""
        needs = [reader.oldest_needed_ms() for reader in self.readers]
        return min((n for n in needs if n is not None), default=None) if None not in needs else None

    def _open(self, start: int) -> Bucket:
        """Return a bucket that may be changed, with room for all: a copy, if it is frozen."""
        if start not in self.buckets:
            self.buckets[start] = Bucket(self.group.aggregate)
        elif start in self._frozen:
            self._frozen.discard(start)
            self.buckets[start] = self.buckets[start].copied()
        bucket = self.buckets[start]
        bucket.reserve(len(self.roster), self._neutral)
        return bucket

    def _in_unit(self, counts: Ints, values: Ints) -> Floats:
        if self.group.aggregate == "count":
            return counts.astype(np.float64)
        scaled = values / self.group.scale
        return scaled if self.group.aggregate == "sum" else np.where(counts > 0, scaled, np.nan)

    def _see(self, slots: Rows) -> None:
        more = len(self.roster) - len(self.seen)
        if more > 0:
            self.seen = np.concatenate([self.seen, np.zeros(more, bool)])
        if not self.seen[slots].all():
            self.seen[slots] = True
            self.seen_count = int(self.seen.sum())


def _added(column: Ints, pool: Rows, pools: int) -> Ints:
    """Return the exact sum of each pool."""
    sums = np.zeros(pools, np.int64)
    pooled = pool >= 0
    np.add.at(sums, pool[pooled], column[pooled])
    return sums
