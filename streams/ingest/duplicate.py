"""Duplicates: the event ids seen lately, exact, bounded in event time and in number."""

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SEGMENTS = 8  # old ids go by segments of an eighth of the horizon: forgetting is cheap, the horizon a minimum

Segment = tuple[int, int, list[str]]  # event time of its first and of its last id, ids in the order seen


class Duplicates:
    """Remembers the ids of the last `horizon_ms` of event time, and at most `capacity` of them.

    `clock_ms` is the source's greatest event time so far. An id that comes again within the horizon is told
    unless more than 7/8 of the capacity came in between; later than 9/8 of the horizon it counts as new.
    """

    def __init__(self, horizon_ms: int, capacity: int) -> None:
        self._horizon_ms = horizon_ms
        self._segment_ids = max(capacity // SEGMENTS, 1)
        self._room = capacity - self._segment_ids  # for closed segments
        self._seen: set[str] = set()
        self._closed: deque[Segment] = deque()
        self._start_ms = self._end_ms = 0
        self._ids: list[str] = []

    def __len__(self) -> int:
        return len(self._seen)

    def seen(self, event_id: str, clock_ms: int) -> bool:
        """Tell whether the id was seen, and remember it."""
        if event_id in self._seen:
            return True
        if not self._ids:
            self._start_ms = clock_ms
        self._seen.add(event_id)
        self._ids.append(event_id)
        self._end_ms = clock_ms
        if clock_ms - self._start_ms > self._horizon_ms // SEGMENTS or len(self._ids) >= self._segment_ids:
            self._turn(clock_ms)
        return False

    def suspects(self, ids: Sequence[str]) -> list[int]:
        """Return which entries of a batch are known now, or come twice in it: all that can be duplicates."""
        distinct = set(ids)
        if len(distinct) == len(ids) and self._seen.isdisjoint(distinct):
            return []
        found, met = [], set(self._seen.intersection(distinct))
        for at, event_id in enumerate(ids):
            if event_id in met:
                found.append(at)
            met.add(event_id)
        return found

    def remember(self, ids: Sequence[str], clocks_ms: NDArray[np.int64]) -> None:
        """Remember ids in a row that are no suspects; the same as `seen` of each. Clocks never fall."""
        start = 0
        while start < len(ids):
            if not self._ids:
                self._start_ms = int(clocks_ms[start])
            # up to the id that closes the segment
            latest_ms = self._start_ms + self._horizon_ms // SEGMENTS
            outlasts = int(np.searchsorted(clocks_ms, latest_ms, side="right"))
            end = min(start + self._segment_ids - len(self._ids), max(outlasts, start) + 1, len(ids))
            self._seen.update(ids[start:end])
            self._ids += ids[start:end]
            self._end_ms = int(clocks_ms[end - 1])
            if self._end_ms > latest_ms or len(self._ids) >= self._segment_ids:
                self._turn(self._end_ms)
            start = end

    def _turn(self, clock_ms: int) -> None:
        self._closed.append((self._start_ms, self._end_ms, self._ids))
        self._ids = []
        while self._closed and (
            clock_ms - self._closed[0][1] > self._horizon_ms or len(self._seen) > self._room
        ):
            self._seen.difference_update(self._closed.popleft()[2])

    def segments(self) -> list[Segment]:
        """Return the whole state, oldest first; the last one is still growing."""
        return [*self._closed, (self._start_ms, self._end_ms, self._ids)]

    def load(self, segments: Sequence[Segment]) -> None:
        """Take over the state of `segments`."""
        if not segments:
            return
        *closed, (self._start_ms, self._end_ms, ids) = segments
        self._closed, self._ids = deque(closed), list(ids)
        self._seen = {event_id for _, _, ids in segments for event_id in ids}
