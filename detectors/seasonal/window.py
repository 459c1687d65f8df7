"""Window: one value per row and when it was, as the seasonal state sees it."""

from typing import NamedTuple

from detectors.cells import Column32
from detectors.seasonal.moment import Moment
from detectors.seasonal.pace import Pace


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
