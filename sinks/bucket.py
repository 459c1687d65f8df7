"""Token buckets: how often a channel may be used."""

from collections.abc import Iterable
from typing import NamedTuple

_NOTHING = 1e-6  # of a token: what rounding leaves after exactly the wait that was asked for


class Rate(NamedTuple):
    """At most `sent` in any `period_s`."""

    sent: int
    period_s: float


class Bucket:
    """Keeps one rate. A quarter of it may go in a burst, the rest comes evenly: never more in any period."""

    def __init__(self, rate: Rate) -> None:
        self._size = max(1.0, rate.sent // 4)
        # A full bucket plus what flows in during a period is the rate; a rate of 1 has no room for a burst.
        self._per_s = max(rate.sent - self._size, 1.0) / rate.period_s
        self._tokens = self._size
        self._at_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait until one may be sent."""
        self._flow(now_s)
        lacking = 1.0 - self._tokens
        return 0.0 if lacking <= _NOTHING else lacking / self._per_s

    def take(self, now_s: float) -> None:
        """Count one that is sent."""
        self._flow(now_s)
        self._tokens -= 1.0

    def _flow(self, now_s: float) -> None:
        gone_s = 0.0 if self._at_s is None else max(0.0, now_s - self._at_s)
        self._tokens = min(self._size, self._tokens + gone_s * self._per_s)
        self._at_s = now_s


class Buckets:
    """Several rates at once."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._buckets = [Bucket(rate) for rate in rates]

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait until all of them allow one."""
        return max((bucket.wait_s(now_s) for bucket in self._buckets), default=0.0)

    def take(self, now_s: float) -> None:
        """Count one that is sent."""
        for bucket in self._buckets:
            bucket.take(now_s)
