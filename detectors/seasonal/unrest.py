"""Unrest: half hours in which a series strays more from what is expected than in others, or less."""

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal.moment import HALF_HOURS
from detectors.seasonal.noise import OUTLIER
from detectors.seasonal.pace import Rate, per_clock
from detectors.seasonal.window import Window

RATE, FASTEST = 1 / 36_000, 0.01  # what a second and, at most, a point renews: 20 days, at least 100 points
LEAST, MOST = 0.25, 9.0  # of the usual variance

COLUMNS = {"unrest": Column("f4", (HALF_HOURS,), 1.0)}


def factor(cells: Cells, window: Window) -> Column32:
    """Return how many times its usual standard deviation a series has in this half hour."""
    found: Column32 = np.sqrt(cells.slot("unrest", window.moment.half_hour).clip(LEAST, MOST))
    return found


def learn(cells: Cells, window: Window, z: Column32, caution: Column32) -> None:
    """Take a residual in usual standard deviations as experience of its half hour."""
    slot = window.moment.half_hour
    old = cells.slot("unrest", slot)
    weight = np.where(window.judged, _rate(window.pace.step_s) * caution, 0)
    cells.set_slot("unrest", old + weight * (np.minimum(z * z, OUTLIER * old) - old), slot)


@per_clock
def _rate(step_s: Rate) -> Column32:
    return np.asarray(np.minimum(np.asarray(step_s, np.float32) * np.float32(RATE), FASTEST))
