"""Noise: what the way to the bus does to records: delay, lateness, duplicates, damage."""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.simulate.shop import Noise

DELAY_MAX_S = 20.0
AGAIN_MAX_S = 60.0  # a duplicate comes no later after the first
AGAIN_S = 3.0

FINE, LATE, DUPLICATE, BROKEN = range(4)
FLAWS = ("fine", "late", "duplicates", "broken")


class Arrivals(NamedTuple):
    """Records on their way: one entry an arrival. `row` says of what; a duplicate's row is there twice."""

    row: NDArray[np.int64]
    arrival_ms: NDArray[np.int64]
    flaw: NDArray[np.int8]
    damage: NDArray[np.int64]  # how a broken one is broken


def travel(noise: Noise, event_time: NDArray[np.int64], rng: np.random.Generator) -> Arrivals:
    """Return when each record arrives, and which are late, come twice or are broken.

    A record has one flaw at most, so the shares are exact and a broken record is broken only once.
    """
    size = len(event_time)
    bounds = np.cumsum([noise.broken, noise.duplicates, noise.late])
    kinds = np.array([BROKEN, DUPLICATE, LATE, FINE], dtype=np.int8)
    flaw = kinds[np.searchsorted(bounds, rng.random(size), side="right")]
    delay_s = np.minimum(rng.standard_exponential(size) * noise.delay_s, DELAY_MAX_S)
    delay_s += np.where(flaw == LATE, rng.uniform(*noise.late_s, size), 0.0)
    again_s = np.minimum(rng.standard_exponential(size) * AGAIN_S, AGAIN_MAX_S)
    damage = rng.integers(0, len(DAMAGES), size)
    twice = np.flatnonzero(flaw == DUPLICATE)
    arrival = event_time + np.rint(delay_s * 1000).astype(np.int64)
    again = arrival[twice] + 1 + np.rint(again_s[twice] * 1000).astype(np.int64)
    first = np.where(flaw == DUPLICATE, FINE, flaw).astype(np.int8)
    return Arrivals(
        row=np.concatenate([np.arange(size), twice]),
        arrival_ms=np.concatenate([arrival, again]),
        flaw=np.concatenate([first, flaw[twice]]),
        damage=np.concatenate([damage, damage[twice]]),
    )


def travel_max_ms(noise: Noise) -> int:
    """Return how long a record is on its way at most."""
    return round((noise.late_s[1] + DELAY_MAX_S + AGAIN_MAX_S) * 1000) + 2


def damaged(value: bytes, damage: int) -> bytes:
    """Return the record broken in one of the ways of DAMAGES; never longer than a line."""
    return DAMAGES[damage](value)


def _cut(value: bytes) -> bytes:
    return value[: len(value) // 2]


def _wrong_type(value: bytes) -> bytes:
    return re.sub(rb'"event_time":\d+', b'"event_time":true', value)


def _missing_key(value: bytes) -> bytes:
    return re.sub(rb'"event_id":"[^"]*",', b"", value)


def _bad_number(value: bytes) -> bytes:
    return re.sub(rb'"event_time":\d+', b'"event_time":1e400', value)


DAMAGES: tuple[Callable[[bytes], bytes], ...] = (_cut, _wrong_type, _missing_key, _bad_number)
