"""Level: how much there is per unit of exposure once the season is taken out; a slow and a fast one."""

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal.noise import relative_variance
from detectors.seasonal.pace import Pace, Rate, rate
from detectors.seasonal.window import Window

FAST = 0.08  # share that one point renews
TELLING = 0.054  # relative variance of a count around 20: what tells less is remembered for longer
SLOWEST = 0.2  # of the pace

COLUMNS = {
    "level": Column("f4", (2,)),  # sum, share
    "fast_level": Column("f4", (2,)),
}


def level_of(cells: Cells) -> Column32:
    """Return the level; 0 before the first point."""
    total, share = cells["level"]
    level: Column32 = total / np.maximum(share, 1e-9)
    return level


def pace_of_counts(cells: Cells, pace: Pace, usual: Column32) -> Column32:
    """Return the share of the level that one point of a count or ratio renews; `usual` is the level of x."""
    slower = np.sqrt(TELLING / relative_variance(cells, usual))
    return (pace.level * np.clip(slower, SLOWEST, 1)).astype(np.float32)


def learn(cells: Cells, window: Window, renewed: Rate, clipped: Column32, share: Column32) -> None:
    """Take a window as experience; `share` is exposure times season, `renewed` what it renews at least.

    The level learns from `clipped`, the fast level from x itself.
    """
    slow = rate(renewed, window.points + 1)
    fast = rate(FAST, window.points + 1)
    for name, value, weight in (("level", clipped, slow), ("fast_level", window.x, fast)):
        old = cells[name]
        cells[name] = old + weight * (np.array([value, share]) - old)


def adopt(cells: Cells) -> None:
    """Take the fast level for the level: what lasted is the norm now."""
    cells["level"] = cells["fast_level"]
