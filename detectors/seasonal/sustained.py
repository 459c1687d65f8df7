"""Sustained deviation: the second smallest of six residuals; one odd bucket is nothing."""

from typing import NamedTuple

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal.pace import Pace, Rate, per_clock

RING = 5  # earlier residuals kept
HIGH = 2.2  # standard deviations: a deviation
LASTING_S = 7200.0  # a deviation that is there to stay
BACK = 1.32  # no longer quite
# Nats of an excess of 1, and per factor e of it; real noise strays far more often than that lets expect, so
# what is beyond BEND counts for less.
LEAST, PER_FOLD, BEND, BEYOND = 2.0, 5.2, 8.0, 2.2

COLUMNS = {
    "ring": Column("f4", (RING,)),  # oldest first
    "sustained_base": Column("f4", (2,)),  # up, down
    "sustained_run": Column("f4", (2,)),
}


class Deviation(NamedTuple):
    """Sustained deviation of the last residuals.

    last     (residual, row), oldest first
    size     (up and down, row), in standard deviations
    excess   the same over what lasted long
    """

    last: Column32
    size: Column32
    excess: Column32

    def nats(self) -> Column32:
        """Return nats, (up and down, row)."""
        if not (self.excess > 1).any():
            return np.zeros_like(self.excess)
        folds = np.log(np.maximum(self.excess, 1))
        beyond = BEND + BEYOND * (folds - (BEND - LEAST) / PER_FOLD)
        raised = np.minimum(LEAST + PER_FOLD * folds, beyond)
        return np.where(self.excess > 1, raised, 0).astype(np.float32)


def deviation_of(cells: Cells, z: Column32) -> Deviation:
    """Return the deviation of the last six residuals, `z` being the newest."""
    last = np.concatenate([cells["ring"], z[np.newaxis]])
    lows, highs = np.minimum(last[::2], last[1::2]), np.maximum(last[::2], last[1::2])
    # The second smallest is the greater one of some pair, or the least but one of the smaller ones.
    second_low = np.minimum(highs.min(axis=0), _middle(lows))
    second_high = np.maximum(lows.max(axis=0), _middle(highs))
    size = np.maximum(np.array([second_low, -second_high]), 0)
    return Deviation(last, size, size - cells["sustained_base"])


def _middle(three: Column32) -> Column32:
    low, high = np.minimum(three[0], three[1]), np.maximum(three[0], three[1])
    middle: Column32 = np.maximum(low, np.minimum(high, three[2]))
    return middle


def learn(cells: Cells, deviation: Deviation, pace: Pace) -> None:
    """Take z as experience; a deviation of more than two hours becomes what others are measured against."""
    size, base, run = deviation.size, cells["sustained_base"], cells["sustained_run"]
    run = np.where(size > HIGH, run + 1, np.where(size > BACK, np.maximum(run - 2, 0), 0))
    lasting = (run > _patience(pace.step_s)) & (size > base)
    faded = base * _fading(pace.step_s)
    if lasting.any():
        faded = np.where(lasting, base + _following(pace.step_s) * (size - base), faded)
    cells["sustained_base"], cells["sustained_run"] = faded, run
    cells["ring"] = deviation.last[1:]


@per_clock
def _patience(step_s: Rate) -> Column32:
    """Return the points after which a deviation is there to stay."""
    return np.maximum(3, LASTING_S / np.asarray(step_s))


@per_clock
def _following(step_s: Rate) -> Column32:
    return np.asarray(1 - 0.9 ** np.maximum(step_s / 300, 0.2), np.float32)


@per_clock
def _fading(step_s: Rate) -> Column32:
    return np.exp(np.asarray(-step_s / 21_600, np.float32))
