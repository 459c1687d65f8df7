"""Window: one value per row and when it was, as the seasonal state sees it."""

from typing import NamedTuple

from detectors.cells import Column32
from detectors.seasonal.moment import Moment, moment_of
from detectors.seasonal.pace import Pace, pace_of
from detectors.table import Context


class Window(NamedTuple):
    """Columns are float32 with one entry per row; `points` are those a row has learned before this one.

    judged   rows that are past their silence
    """

    x: Column32
    exposure: Column32
    points: Column32
    moment: Moment
    pace: Pace
    judged: Column32

    @classmethod
    def of(cls, x: Column32, exposure: Column32, points: Column32, context: Context) -> "Window":
        """Return the window of this context."""
        pace = pace_of(context.step_s)
        return cls(x, exposure, points, moment_of(context), pace, points >= pace.warm)
