"""A cursor: where in event time the closing of windows stands; in order, none left out."""

from detectors.bank import Window
from streams.detect.window import DAY_MS, Windows

GAP_MAX_MS = 62 * DAY_MS  # a longer silence is missing data, not sixty days of zeros
KEPT_WINDOWS = 3  # closed windows that can be restated


class Cursor:
    """The next bucket to close, and the last ones closed.

    next_ms  start of the next bucket to close; None before any event
    kept     starts of the last buckets closed, newest last
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.next_ms: int | None = None
        self.kept: list[int] = []

    def begin(self, bucket_ms: int) -> None:
        """Events of a bucket have come: windows start with the first one that follows what is closed."""
        if self.next_ms is None or bucket_ms < self.next_ms:
            closed = self.windows.next_bucket(self.kept[-1]) if self.kept else bucket_ms
            self.next_ms = max(bucket_ms, closed)

    def next_end(self) -> int | None:
        """Return the end of the next window to close."""
        return None if self.next_ms is None else self.windows.next_bucket(self.next_ms)

    def close(self) -> Window:
        """Return the next window and move on. Call when next_end is not None."""
        bucket = self.next_ms or 0
        window = self.windows.window_ending_with(bucket)
        self.kept = [*self.kept[1 - KEPT_WINDOWS :], bucket]
        self.next_ms = window.end_ms
        return window

    def is_far_from(self, time_ms: int) -> bool:
        """Whether more than the longest silence lies between the next bucket and a time."""
        return self.next_ms is not None and time_ms - self.next_ms > GAP_MAX_MS

    def jump_to(self, time_ms: int) -> None:
        """Go on at the bucket of a time: what lies between is missing, not silence."""
        self.next_ms, self.kept = self.windows.bucket_of(time_ms), []

    def restart(self, passed_ms: int | None) -> None:
        """Begin again with the next event after what has passed: what lies between is missing data."""
        self.next_ms = None
        self.kept = [] if passed_ms is None else [self.windows.bucket_of(passed_ms - 1)]

    def buckets_of(self, window: Window) -> list[int]:
        """Return the starts of the buckets a window is made of."""
        starts = [window.start_ms]
        while (start := self.windows.next_bucket(starts[-1])) < window.end_ms:
            starts.append(start)
        return starts

    def oldest_needed_ms(self) -> int | None:
        """Return the start of the oldest bucket still to be read for closing or restating; None = any."""
        if not self.kept:
            return None
        return self.windows.window_ending_with(self.kept[0]).start_ms
