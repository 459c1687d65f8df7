"""Window: one value per row and when it was, as the seasonal state sees it."""

from typing import NamedTuple

from detectors.cells import Column32
from detectors.seasonal.moment import Moment
from detectors.seasonal.pace import Pace


class Window(NamedTuple):
    """Columns are float32 with one entry per row; `points` are those a row has learned before this one."""

    x: Column32
    exposure: Column32
    points: Column32
    moment: Moment
    pace: Pace

    @property
    def judged(self) -> Column32:
        """Tell the rows that are past their silence."""
        ready: Column32 = self.points >= self.pace.warm
        return ready
