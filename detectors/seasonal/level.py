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
    "level_sum": Column("f4"),
    "level_share": Column("f4"),
    "fast_sum": Column("f4"),
    "fast_share": Column("f4"),
}


def level_of(cells: Cells) -> Column32:
    """Return the level; 0 before the first point."""
    level: Column32 = cells["level_sum"] / np.maximum(cells["level_share"], 1e-9)
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
    for name, value, weight in (("level", clipped, slow), ("fast", window.x, fast)):
        total, shares = cells[f"{name}_sum"], cells[f"{name}_share"]
        cells[f"{name}_sum"] = total + weight * (value - total)
        cells[f"{name}_share"] = shares + weight * (share - shares)


def adopt(cells: Cells) -> None:
    """Take the fast level for the level: what lasted is the norm now."""
    cells["level_sum"] = cells["fast_sum"]
    cells["level_share"] = cells["fast_share"]
