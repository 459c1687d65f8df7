"""Windows: which bucket of event time a pane belongs to, and what follows it."""

from dataclasses import dataclass

from detectors.bank import Window
from streams.detect.zone import Zone

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
AUTO_LEVELS_MS = (5 * MINUTE_MS, HOUR_MS, DAY_MS)
AUTO_VOLUME = 20.0  # mean events a window at which a level of `auto` speaks


@dataclass(frozen=True)
class Windows:
    """Tumbling (hop = length) or hopping windows made of buckets one hop long.

    Up to an hour, buckets follow each other evenly, so an hour that clocks show twice is two buckets. Longer
    ones start at local midnight: the day on which clocks change has 23 or 25 hours.
    """

    length_ms: int
    hop_ms: int
    zone: Zone

    def bucket_of(self, pane_ms: int) -> int:
        """Return the start of the bucket a pane belongs to, epoch ms."""
        offset = self.zone.offset_ms(pane_ms)
        local = (pane_ms + offset) // self.hop_ms * self.hop_ms
        return local - offset if self.hop_ms <= HOUR_MS else self.zone.utc_ms(local)

    def next_bucket(self, start_ms: int) -> int:
        """Return the start of the bucket after the one that starts here."""
        if self.hop_ms <= HOUR_MS:
            return start_ms + self.hop_ms
        # Two hours of slack pass any change of clocks and stay inside the next bucket.
        local = start_ms + self.zone.offset_ms(start_ms) + self.hop_ms
        return self.bucket_of(self.zone.utc_ms(local))

    def window_ending_with(self, bucket_ms: int) -> Window:
        """Return the window whose last bucket starts here."""
        start = bucket_ms
        for _ in range(self.length_ms // self.hop_ms - 1):
            start = self.bucket_of(start - 1)
        return Window(start, self.next_bucket(bucket_ms))
