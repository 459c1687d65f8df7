"""Fields: texts of a CSV file as numbers and times; by column, and one by one to find what is wrong."""

import datetime as dt
import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streams.detect.zone import Zone

EPOCH_MS_FROM = 1e11  # greater numbers are epoch milliseconds: as seconds they would be the year 5138
YEARS = (dt.datetime(2, 1, 1, tzinfo=dt.UTC).timestamp(), dt.datetime(9998, 1, 1, tzinfo=dt.UTC).timestamp())


@lru_cache(maxsize=1)  # files of a folder mostly have the same timestamps
def times_ms(stamps: tuple[str, ...], zone: Zone) -> NDArray[np.int64]:
    """Return epoch ms, not to be changed in place. Raises ValueError if one is no timestamp."""
    try:
        epochs = plain_numbers(stamps)
    except ValueError:
        moments = np.array([time_ms(stamp, zone) for stamp in stamps], np.int64)
    else:
        rounded = np.rint(epochs * np.where(np.abs(epochs) >= EPOCH_MS_FROM, 1, 1000))
        if not ((rounded >= YEARS[0] * 1000) & (rounded <= YEARS[1] * 1000)).all():
            raise ValueError("a time is missing, or not between the years 2 and 9998")
        moments = rounded.astype(np.int64)
    moments.flags.writeable = False
    return moments


def plain_numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return numbers as most files have them, NaN for empty ones. Raises ValueError if one is not such."""
    numbers = np.array([float(text) if text else math.nan for text in texts])
    if np.count_nonzero(~np.isfinite(numbers)) != texts.count("") or "_" in "".join(texts):
        raise ValueError("finite numbers or nothing, without underscores, are wanted")
    return numbers


def number(text: str) -> float:
    """Return a finite number, NaN for a missing one. Raises ValueError if it is none."""
    if text == "" or text.lower() == "nan":
        return math.nan
    found = _plain(text)
    if found is None:
        raise ValueError("a number is wanted, or nothing")
    if not math.isfinite(found):
        raise ValueError("a finite number is wanted")
    return found


def _plain(text: str) -> float | None:
    """Return the number that a text is; `1_000` is none."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def time_ms(stamp: str, zone: Zone) -> float:
    """Return the epoch ms of a timestamp. Raises ValueError if it is none."""
    epoch = _plain(stamp)
    moment_ms = _iso_ms(stamp, zone) if epoch is None else _epoch_ms(epoch)
    if not YEARS[0] <= moment_ms / 1000 <= YEARS[1]:
        raise ValueError("a time between the years 2 and 9998 is wanted")
    return moment_ms


def _epoch_ms(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("a finite number is wanted")
    return round(number) if abs(number) >= EPOCH_MS_FROM else round(number * 1000)


def _iso_ms(text: str, zone: Zone) -> float:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            "ISO 8601 like 2026-11-24T10:00:00Z, or epoch seconds or milliseconds, is wanted"
        ) from None
    if moment.tzinfo is not None:
        return round(moment.timestamp() * 1000)
    return zone.utc_ms(round(moment.replace(tzinfo=dt.UTC).timestamp() * 1000))
