"""Pace: how fast a row learns, from the time between its observations; long windows teach more each."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from detectors.cells import Column32
from detectors.table import Floats

DAY_S = 86_400.0

Rate = float | Column32


class Pace(NamedTuple):
    """Rates and waiting times of one step length: a float for all rows, or one per row.

    step_s      seconds from one observation to the next
    warm        points without a score: 50, but 14 days where those are fewer, never below 14
    settle      points before variances are learned
    shape       points before half hours and days are learned, against a level by then: half a day
    young       points until the thresholds of a learned row hold: 14 days, at least twice `warm`
    level       share of the level that one point renews: 1.7 days' memory
    profile     decay of a slot's sums per point: ten visits' memory
    day         decay of a weekday's sums per point: ten such days' memory
    noise       share of variances that one point renews: 1000 points' memory, 300 of hours, 100 of days
    loss        share of the season's losses that one point renews: 3 days' memory, at least 20 points
    prior       pseudo-points behind a day-of-week factor of 1: a day of them, but five of whole days
    spread      squared variation expected before anything is known, beside pure counting noise
    down_clip   greatest evidence of one point that a count is too low, nats
    """

    step_s: Rate
    warm: Rate
    settle: Rate
    shape: Rate
    young: Rate
    level: Rate
    profile: Rate
    day: Rate
    noise: Rate
    loss: Rate
    prior: Rate
    spread: Rate
    down_clip: Rate

    @property
    def days(self) -> Rate:
        """Days per point."""
        return self.step_s / DAY_S


def pace_of(step_s: float | Floats) -> Pace:
    """Return the pace of windows of `step_s` seconds."""
    if isinstance(step_s, np.ndarray) and step_s.ndim:
        return _pace(step_s.astype(np.float64))
    return _pace_of_all(float(step_s))


@lru_cache(maxsize=64)
def _pace_of_all(step_s: float) -> Pace:
    """Return the pace of rows of one clock: a shop has a handful of them."""
    return _pace(np.asarray(step_s))


def _pace(step: Floats) -> Pace:
    warm = np.asarray(np.floor(np.clip(14 * DAY_S / step, 14, 50)))
    values = (
        step,
        warm,
        np.floor(0.4 * warm),
        np.floor(np.minimum(0.4 * warm, 0.5 * DAY_S / step)),
        np.maximum(14 * DAY_S / step, 2 * warm),
        np.clip(step / 150_000, 0.0003, 0.05),
        1 - 0.9 ** (np.minimum(step, 3600) / 1800),
        0.1 * step / DAY_S,
        0.001 * np.clip(np.sqrt(step / 300), 1, 10),
        np.clip(step / 259_200, 0.0002, 0.05),
        320 * np.minimum(1, 300 / step) ** 0.72,
        0.0005 * np.clip((step / 300) ** 0.77, 1, 80),
        4 * np.clip(np.sqrt(step / 3600), 1, 3),
    )
    return Pace._make(_plain(value) for value in values)


def per_clock(reckon: Callable[[Rate], Column32]) -> Callable[[Rate], Column32]:
    """Reckon once with a step length (seconds) that all rows share: a shop has a handful of them."""
    of_all = lru_cache(maxsize=64)(reckon)

    def of(step_s: Rate) -> Column32:
        return of_all(step_s) if isinstance(step_s, float) else reckon(step_s)

    return of


def _plain(value: Floats) -> Rate:
    """Return a Python float, which leaves float32 columns float32, or a float32 column."""
    return float(value) if value.ndim == 0 else value.astype(np.float32)


def rate(slow: Rate, points: Column32) -> Column32:
    """Return the share that the next point renews: 1 / points while that is more than `slow`."""
    quick = 1 / np.maximum(points, 1)
    return np.maximum(quick, slow).astype(np.float32)
