"""Adoption: what stayed strange for a day is the new norm."""

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal import level
from detectors.seasonal.pace import DAY_S, Pace

BACK = 4.0  # strange points that one quiet point undoes

COLUMNS = {"strange": Column("f4"), "adopted": Column("?")}


def learn(cells: Cells, pace: Pace, strange: Column32, after_s: float) -> None:
    """Count strange points; re-baseline rows whose strangeness outlasted `after_s`, and mark them `adopted`.

    At least 24 points, or a week of them where that is fewer, and never below 7.
    """
    count = np.where(strange, cells["strange"] + 1, np.maximum(cells["strange"] - BACK, 0))
    least = np.clip(7 * DAY_S / np.asarray(pace.step_s), 7, 24)
    adopted = count > np.maximum(after_s / np.asarray(pace.step_s), least - 1)
    cells["adopted"] = adopted
    cells["strange"] = np.where(adopted, 0, count)
    if adopted.any():
        some = cells.some(adopted)
        level.adopt(some)
        some["cusum"] = some["cusum_peak"] = 0
