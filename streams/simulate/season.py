"""Season: how many sessions begin in each minute, by hour and weekday of the shop's zone, and by chance."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streams.detect.zone import Zone
from streams.simulate.chance import gust
from streams.simulate.shop import Shop

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
MONDAY = 3  # 1970-01-01 was a Thursday: days since Monday


class Season:
    """The rate of a shop relative to its mean (1.0), for one seed.

    Hours are joined by straight lines, weekdays change at midnight, both in local time. On top, Gamma gusts
    of a day, of an hour (joined by lines) and of a chunk make counts vary more than Poisson's.
    """

    def __init__(self, shop: Shop, seed: int) -> None:
        self._hours = np.array([*shop.hours, shop.hours[0]]) / np.mean(shop.hours)
        self._weekdays = np.array(shop.weekdays) / np.mean(shop.weekdays)
        self._zone = Zone(shop.timezone)
        self._spread = shop.spread
        self._gust = lru_cache(64)(lambda purpose, index, spread: gust(seed, purpose, index, spread))

    def local_ms(self, time_ms: int) -> int:
        """Return the reading of the shop's wall clock, as epoch ms."""
        return time_ms + self._zone.offset_ms(time_ms)

    def shape(self, local_ms: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the expected rate at times of the wall clock; mean 1 over a week."""
        hour = local_ms % DAY_MS / HOUR_MS
        weekday = (local_ms // DAY_MS + MONDAY) % 7
        return np.asarray(np.interp(hour, np.arange(25), self._hours) * self._weekdays[weekday])

    def rates(self, start_ms: int, end_ms: int) -> NDArray[np.float64]:
        """Return the rate of each minute of a chunk, gusts included."""
        local_ms = np.arange(self.local_ms(start_ms), self.local_ms(start_ms) + end_ms - start_ms, MINUTE_MS)
        day, hour, chunk = self._spread
        first_hour = start_ms // HOUR_MS
        knots = [self._gust("hour", first_hour + step, hour) for step in (0, 1)]
        ahead = (np.arange(start_ms, end_ms, MINUTE_MS) - first_hour * HOUR_MS) / HOUR_MS
        gusts = np.interp(ahead, [0, 1], knots) * self._gust("day", int(local_ms[0]) // DAY_MS, day)
        return np.asarray(self.shape(local_ms) * gusts * self._gust("chunk", start_ms // MINUTE_MS, chunk))
