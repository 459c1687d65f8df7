"""Sustained deviation: the second smallest of six residuals; one odd bucket is nothing."""

from typing import NamedTuple

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal.pace import Pace

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
    """Sustained deviation after a residual `z`.

    size     (up and down, row), in standard deviations
    excess   the same over what lasted long
    """

    z: Column32
    size: Column32
    excess: Column32

    def nats(self) -> Column32:
        """Return nats, (up and down, row)."""
        folds = np.log(np.maximum(self.excess, 1))
        beyond = BEND + BEYOND * (folds - (BEND - LEAST) / PER_FOLD)
        raised = np.minimum(LEAST + PER_FOLD * folds, beyond)
        return np.where(self.excess > 1, raised, 0).astype(np.float32)


def deviation_of(cells: Cells, z: Column32) -> Deviation:
    """Return the deviation of the last six residuals, `z` being the newest."""
    ring = cells["ring"]
    pairs = ((ring[0], ring[1]), (ring[2], ring[3]), (ring[4], z))
    lows = [np.minimum(one, other) for one, other in pairs]
    highs = [np.maximum(one, other) for one, other in pairs]
    # The second smallest is the greater one of some pair, or the least but one of the smaller ones.
    second_low = np.minimum(_least(highs), _middle(lows))
    second_high = np.maximum(_greatest(lows), _middle(highs))
    size = np.maximum(np.array([second_low, -second_high]), 0)
    return Deviation(z, size, size - cells["sustained_base"])


def _least(three: list[Column32]) -> Column32:
    return np.minimum(np.minimum(three[0], three[1]), three[2])


def _greatest(three: list[Column32]) -> Column32:
    return np.maximum(np.maximum(three[0], three[1]), three[2])


def _middle(three: list[Column32]) -> Column32:
    low, high = np.minimum(three[0], three[1]), np.maximum(three[0], three[1])
    return np.maximum(low, np.minimum(high, three[2]))


def learn(cells: Cells, deviation: Deviation, pace: Pace) -> None:
    """Take z as experience; a deviation of more than two hours becomes what others are measured against."""
    size, base, run = deviation.size, cells["sustained_base"], cells["sustained_run"]
    run = np.where(size > HIGH, run + 1, np.where(size > BACK, np.maximum(run - 2, 0), 0))
    lasting = (run > np.maximum(3, LASTING_S / pace.step_s)) & (size > base)
    follow = np.asarray(1 - 0.9 ** np.maximum(pace.step_s / 300, 0.2), np.float32)
    fade = np.exp(np.asarray(-pace.step_s / 21_600, np.float32))
    cells["sustained_base"] = np.where(lasting, base + follow * (size - base), base * fade)
    cells["sustained_run"] = run
    ring = cells["ring"]
    cells["ring"] = np.concatenate([ring[1:], deviation.z[np.newaxis]])
