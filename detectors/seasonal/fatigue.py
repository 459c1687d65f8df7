"""Fatigue: a value that alarms again and again has to shout louder each time."""

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal.pace import DAY_S, Pace, Rate, per_clock

LOUD = 6.0  # nats beyond which a value alarms
QUIET = 12.0  # points after which an alarm is a new one
MEMORY_S = 14 * DAY_S

COLUMNS = {"tired": Column("f4"), "quiet": Column("f4", (), QUIET)}


def discount(cells: Cells, pace: Pace) -> Column32:
    """Return the nats to take off a score."""
    nats: Column32 = np.float32(0.5) * np.log1p(cells["tired"] * _fading(pace.step_s))
    return nats


def learn(cells: Cells, pace: Pace, loud: Column32) -> None:
    """Count alarms: a loud point after enough quiet ones."""
    cells["tired"] = cells["tired"] * _fading(pace.step_s) + (loud & (cells["quiet"] >= QUIET))
    cells["quiet"] = np.where(loud, 0, np.minimum(cells["quiet"] + 1, QUIET))


@per_clock
def _fading(step_s: Rate) -> Column32:
    return np.exp(np.asarray(-step_s / MEMORY_S, np.float32))
