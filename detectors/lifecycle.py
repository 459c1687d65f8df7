"""The life of an alert: opened, escalated, downgraded, resolved; one row per series."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.alert import CHANGES
from detectors.columns import Column, Columns, Rows, place_of
from detectors.grading import Grades

OPENED, ESCALATED, DOWNGRADED, RESOLVED, RESTATED = (
    CHANGES.index(change) + 1 for change in ("opened", "escalated", "downgraded", "resolved", "restated")
)
FLAP_MEMORY_S = 86_400.0
FLAP_HOLD_MAX = 4.0


class Lifecycle(Columns):
    """Episodes with hysteresis.

    A row opens after `persistence` windows in a row at grade >= 1. It escalates at once. It is downgraded,
    or resolved, after a run of calmer windows: `resolve_after` of them, times the number of times it opened
    within the last day (at most 4), so that a flapping series is told as one long episode.
    """

    NAME: ClassVar[str] = "lifecycle"

    def __init__(self) -> None:
        super().__init__(
            {
                "grade": Column(np.int8),
                "pending": Column(np.int16),
                "calm": Column(np.int16),
                "calm_peak": Column(np.int8),
                "since": Column(np.int64),
                "opened_end": Column(np.int64),
                "sequence": Column(np.int32),
                "side": Column(np.int8),
                "flaps": Column(np.float32),
            }
        )

    def step(
        self,
        rows: Rows,
        raw: Grades,
        eased: Grades,
        side: Grades,
        *,
        persistence: NDArray[np.int16],
        resolve_after: NDArray[np.int16],
        window: tuple[int, int],
    ) -> NDArray[np.int8]:
        """Take one window's grades and return what changed per row: 0 or 1 + index in alert.CHANGES.

        raw     grade of the window (0..4)
        eased   grade it would have with the margin of hysteresis added: what keeps an open alert where it is
        window  (start, end) in epoch ms
        """
        cells = self._cells
        grade, start, end = cells["grade"][rows], *window
        cells["flaps"][rows] *= _fading(window)
        pending = np.where(raw > 0, np.minimum(cells["pending"][rows] + 1, 30_000), 0)
        cells["since"][rows] = np.where((pending == 1) & (grade == 0), start, cells["since"][rows])
        cells["pending"][rows] = pending

        change = np.zeros(len(rows), np.int8)
        change[(grade == 0) & (pending >= persistence)] = OPENED
        change[(grade > 0) & (raw > grade)] = ESCALATED
        calmed = self._calm(rows, grade, eased, resolve_after)
        change[calmed] = np.where(cells["calm_peak"][rows[calmed]] > 0, DOWNGRADED, RESOLVED)
        self._enter(rows, change, raw, side, end)
        return change

    def rest(self, rows: Rows, raw: Grades, window: tuple[int, int]) -> bool:
        """Take a window with nothing strange and nothing open, and return True; leave others to `step`.

        Most are such. It comes to the same as `step` in a fifth of the time, and changes no alert.
        """
        cells = self._cells
        if raw.any() or cells["grade"][rows].any():
            return False
        at = place_of(rows)
        cells["flaps"][at] *= _fading(window)
        for name in ("pending", "calm", "calm_peak"):
            cells[name][at] = 0
        return True

    def withdraw(self, rows: Rows) -> None:
        """End episodes that a restatement has shown to be none."""
        self._cells["grade"][rows] = 0
        self._cells["pending"][rows] = 0

    def open_late(self, rows: Rows, raw: Grades, side: Grades, window: tuple[int, int]) -> None:
        """Open episodes at a closed window that late events have shown to be strange."""
        start, end = window
        self._cells["since"][rows] = start
        self._cells["pending"][rows] = 1
        self._enter(rows, np.full(len(rows), OPENED, np.int8), raw, side, end)

    def _calm(
        self, rows: Rows, grade: Grades, eased: Grades, resolve_after: NDArray[np.int16]
    ) -> NDArray[np.bool_]:
        cells = self._cells
        calmer = (grade > 0) & (eased < grade)
        peak = np.where(cells["calm"][rows] > 0, np.maximum(cells["calm_peak"][rows], eased), eased)
        cells["calm"][rows] = np.where(calmer, np.minimum(cells["calm"][rows] + 1, 30_000), 0)
        cells["calm_peak"][rows] = np.where(calmer, peak, 0)
        hold = resolve_after * np.round(cells["flaps"][rows]).clip(1, FLAP_HOLD_MAX)
        done: NDArray[np.bool_] = calmer & (cells["calm"][rows] >= hold)
        return done

    def _enter(self, rows: Rows, change: NDArray[np.int8], raw: Grades, side: Grades, end: int) -> None:
        cells = self._cells
        is_worse = (change == OPENED) | (change == ESCALATED)
        is_calmer = (change == DOWNGRADED) | (change == RESOLVED)
        opened, worse, calmed = rows[change == OPENED], rows[is_worse], rows[is_calmer]
        cells["opened_end"][opened] = end
        cells["sequence"][opened] = 0
        cells["flaps"][opened] += 1
        cells["grade"][worse] = raw[is_worse]
        cells["side"][worse] = side[is_worse]
        cells["grade"][calmed] = cells["calm_peak"][calmed]
        cells["calm"][calmed] = 0
        cells["sequence"][rows[change > OPENED]] += 1


def _fading(window: tuple[int, int]) -> np.float32:
    start, end = window
    return np.float32(np.exp(-(end - start) / 1000 / FLAP_MEMORY_S))
