"""Fine correction: what returns every day at the same five minutes, as far as that has been seen to help."""

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal.moment import FINE_SLOTS
from detectors.seasonal.pace import DAY_S, Rate, per_clock
from detectors.seasonal.window import Window

LONGEST_S = 1800.0  # windows from here on have their own half-hour slots
DAYS = 2.0  # before the correction is used

COLUMNS = {
    "fine": Column("f2", (FINE_SLOTS,)),
    "fine_xy": Column("f4"),
    "fine_xx": Column("f4", (), 0.001),
}


def correction(cells: Cells, window: Window) -> Column32:
    """Return the correction of the expected value in standard deviations, shrunk by its own past success."""
    slot = cells.slot("fine", window.moment.fine).astype(np.float32)
    trust = (cells["fine_xy"] / cells["fine_xx"]).clip(0, 1)
    used = (window.points * window.pace.days >= DAYS) & _useful(window.pace.step_s)
    return np.where(used, trust * slot, 0)


def learn(cells: Cells, window: Window, z: Column32) -> None:
    """Take a standardised, uncorrected residual as experience of its slot, in rows judged already."""
    points, pace, slot, judged = window.points, window.pace, window.moment.fine, window.judged
    old = cells.slot("fine", slot).astype(np.float32)
    days, clipped = points * pace.days, z.clip(-3, 3)
    weight = np.where(judged & (days >= DAYS), np.maximum(0.0005, 1 / (points + 200)), 0).astype(np.float32)
    for name, value in (("fine_xy", old * clipped), ("fine_xx", old * old)):
        cells[name] = cells[name] + weight * (value - cells[name])
    gain = np.where(judged, np.maximum(0.1, 1 / (days + 2)) * _visits(pace.step_s), 0)
    cells.set_slot("fine", old + gain * (clipped - old), slot)


@per_clock
def _visits(step_s: Rate) -> Column32:
    """Return the slots that a point fills."""
    return np.asarray(np.minimum(1.0, np.asarray(step_s, np.float32) * (FINE_SLOTS / DAY_S)))


@per_clock
def _useful(step_s: Rate) -> Column32:
    return np.asarray(step_s) < LONGEST_S
