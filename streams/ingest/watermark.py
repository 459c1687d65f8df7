"""The watermark of a source: the event time it has passed."""

import numpy as np
from numpy.typing import NDArray

from streams.partial import NO_TIME

Ints = NDArray[np.int64]


class Watermark:
    """Follows the records of one source in offset order.

    top_ms     greatest min(event_time, record timestamp) so far; NO_TIME before any event
    record_ms  record timestamp of the last event
    """

    def __init__(self, lateness_ms: int) -> None:
        self._lateness_ms = lateness_ms
        self.top_ms = NO_TIME
        self.record_ms = NO_TIME

    @property
    def passed_ms(self) -> int:
        """The watermark: top_ms less the lateness granted; NO_TIME before any event."""
        return NO_TIME if self.top_ms == NO_TIME else self.top_ms - self._lateness_ms

    def top_after(self, event_ms: int, record_ms: int) -> int:
        """Return what top_ms would be with this event."""
        step_ms = event_ms if event_ms < record_ms else record_ms
        return max(self.top_ms, step_ms)

    def observe(self, event_ms: int, record_ms: int) -> int:
        """Take an event; return by how many ms it was older than the watermark when read (late: > 0)."""
        top_ms = self.top_ms
        step_ms = event_ms if event_ms < record_ms else record_ms
        self.record_ms = record_ms
        if step_ms > top_ms:
            self.top_ms = step_ms
        return top_ms - self._lateness_ms - event_ms

    def behind_ms(self, top_ms: Ints, event_ms: Ints) -> Ints:
        """Return what `observe` would of events, each when top_ms was as given."""
        return top_ms - self._lateness_ms - event_ms

    def advance(self, top_ms: int, record_ms: int) -> None:
        """Take events in time: the greatest top_ms they lead to, and the last one's record timestamp."""
        self.top_ms, self.record_ms = top_ms, record_ms

    def projected_ms(self, now_ms: int, horizon_ms: int) -> int:
        """Return where the watermark would stand after mere silence, of `horizon_ms` at most."""
        if self.top_ms == NO_TIME:
            return NO_TIME
        silence_ms = min(max(now_ms - self.record_ms, 0), horizon_ms)
        return self.passed_ms + silence_ms
