"""Adoption: what stayed strange for a day is the new norm."""

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal import level
from detectors.seasonal.pace import DAY_S, Pace, Rate, per_clock

BACK = 4.0  # strange points that one quiet point undoes

COLUMNS = {"strange": Column("f4"), "adopted": Column("?")}


def learn(cells: Cells, pace: Pace, strange: Column32, after_s: float) -> None:
    """Count strange points; re-baseline rows whose strangeness outlasted `after_s`, and mark them `adopted`.

    At least 24 points, or a week of them where that is fewer, and never below 7.
    """
    before = cells["strange"]
    count = np.where(strange, before + 1, np.maximum(before - BACK, 0))
    adopted = count > np.maximum(after_s / np.asarray(pace.step_s), _least(pace.step_s))
    cells["adopted"] = adopted
    cells["strange"] = np.where(adopted, 0, count)
    if adopted.any():
        some = cells.some(adopted)
        level.adopt(some)
        some["cusum"] = some["cusum_peak"] = 0


@per_clock
def _least(step_s: Rate) -> Column32:
    """Return the strange points that are never enough."""
    return np.clip(7 * DAY_S / np.asarray(step_s), 7, 24) - 1
