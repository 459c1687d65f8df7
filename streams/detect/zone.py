"""The shop's time zone: offsets looked up once a quarter of an hour, the step of all real changes."""

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

_QUARTER_MS = 900_000
_WEEK_MS = 7 * 86_400_000
_MONDAY_MS = 4 * 86_400_000  # 1970-01-05, a Monday


class Zone:
    """Local time of an IANA zone in integer milliseconds."""

    def __init__(self, name: str) -> None:
        """Raise ZoneInfoNotFoundError if there is no such zone."""
        self._info = ZoneInfo(name)
        self._offset = lru_cache(maxsize=8_192)(self._look_up)

    def offset_ms(self, utc_ms: int) -> int:
        """Return local minus UTC at an instant, ms."""
        return self._offset(utc_ms // _QUARTER_MS)

    def week_s(self, utc_ms: int) -> float:
        """Return the local seconds since Monday 00:00."""
        return (utc_ms + self.offset_ms(utc_ms) - _MONDAY_MS) % _WEEK_MS / 1000

    def weeks_s(self, utc_ms: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the local seconds since Monday 00:00 of many instants."""
        quarters, place = np.unique(utc_ms // _QUARTER_MS, return_inverse=True)
        offsets = np.array([self._offset(quarter) for quarter in quarters.tolist()], np.int64)
        return (utc_ms + offsets[place] - _MONDAY_MS) % _WEEK_MS / 1000

    def utc_ms(self, local_ms: int) -> int:
        """Return the first instant at which clocks show local_ms (or would, in the gap of spring)."""
        guess = local_ms - self.offset_ms(local_ms)
        early = local_ms - self.offset_ms(guess - 3_600_000)
        return min(guess, early) if early + self.offset_ms(early) == local_ms else guess

    def _look_up(self, quarter: int) -> int:
        moment = dt.datetime.fromtimestamp(quarter * _QUARTER_MS / 1000, self._info)
        offset = moment.utcoffset()
        return 0 if offset is None else int(offset.total_seconds() * 1000)
