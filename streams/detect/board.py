"""A board: the merged sums of one group in buckets of event time, one slot per entity."""

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows
from detectors.table import Floats
from streams.detect.bucket import Bucket, combine, part_of, together
from streams.detect.cursor import Cursor
from streams.detect.roster import Roster
from streams.detect.window import Windows
from streams.ingest.distinct import estimate
from streams.partial import Cells
from streams.plan import Aggregate, Group

WAITING_MAX = 64  # parts of a bucket

Ints = NDArray[np.int64]
_NEUTRAL: dict[Aggregate, int] = {"min": np.iinfo(np.int64).max, "max": np.iinfo(np.int64).min}


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
                self._wait(start, slots[at], part_of(cells, at))
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
        for slots, part in waiting if aggregate == "last" else [together(waiting, aggregate)]:
            combine(aggregate, bucket, slots, part)
        return bucket

    def _see(self, slots: Rows) -> None:
        more = len(self.roster) - len(self.seen)
        if more > 0:
            self.seen = np.concatenate([self.seen, np.zeros(more, bool)])
        if not self.seen[slots].all():
            self.seen[slots] = True
            self.seen_count = int(self.seen.sum())
