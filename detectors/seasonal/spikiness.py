"""Spikiness: half hours that spike every day (batch jobs on the full hour) count their spikes for less."""

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal.moment import HALF_HOURS
from detectors.seasonal.pace import rate
from detectors.seasonal.window import Window

RATE = 0.15  # of a half hour's usual maximum, per day
SLOW = 0.002  # of the maximum of all half hours, per half hour
FROM_DAYS = 2
USUAL = 1.5  # times the maximum of all half hours: not spiky yet

COLUMNS = {
    "spike": Column("f4", (HALF_HOURS,)),
    "spike_days": Column("u1", (HALF_HOURS,)),
    "spike_mean": Column("f4"),
    "spike_seen": Column("f4"),
    "spike_now": Column("f4"),
    "spike_slot": Column("u1"),
}


def divisor(cells: Cells, window: Window) -> Column32:
    """Return what to divide residuals of this half hour by; at least 1."""
    slot = window.moment.half_hour
    spike, days = cells.slot("spike", slot), cells.slot("spike_days", slot)
    ratio = spike / np.maximum(USUAL * cells["spike_mean"], 1e-9)
    return np.where(days >= FROM_DAYS, np.maximum(ratio, 1), 1).astype(np.float32)


def learn(cells: Cells, window: Window, size: Column32) -> None:
    """Take the size of a residual as experience; a half hour's maximum counts when the half hour is over."""
    slot, now = window.moment.half_hour, cells["spike_now"]
    moved = cells["spike_slot"] != slot
    ended = moved & (now > 0)
    largest = np.where(moved, size, np.maximum(now, size))
    if ended.any():
        _commit(cells.some(ended))
    cells["spike_now"] = largest
    cells["spike_slot"] = slot


def _commit(cells: Cells) -> None:
    slot, now = cells["spike_slot"].astype(np.int64), cells["spike_now"]
    days = np.minimum(cells.slot("spike_days", slot).astype(np.int64) + 1, 255)
    old, mean, seen = cells.slot("spike", slot), cells["spike_mean"], cells["spike_seen"] + 1
    cells.set_slot("spike", old + rate(RATE, days) * (now - old), slot)
    cells.set_slot("spike_days", days, slot)
    capped = np.where(mean > 0, np.minimum(now, 5 * mean), now)
    cells["spike_mean"] = mean + rate(SLOW, seen) * (capped - mean)
    cells["spike_seen"] = seen
