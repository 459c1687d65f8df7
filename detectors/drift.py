"""Drift: whether the scores of a row have changed their level, by ADWIN."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from river.drift import ADWIN

from detectors.table import Floats, Rows

CLIP_NATS = 20.0  # one enormous score must not be a new level by itself


class Settings(NamedTuple):
    """delta: significance of a change; rows_max: an ADWIN weighs kilobytes and about 3 us a value."""

    delta: float = 0.002
    rows_max: int = 10_000


class Drift:
    """One adaptive window per row; says where the mean score before and after some point differ.

    Kept in memory only: after a restart the windows fill anew. (Bifet and Gavalda, Learning from
    time-changing data with adaptive windowing, SDM 2007.)
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._windows: list[ADWIN | None] = []
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._windows) - len(self._free)

    def add(self, n: int) -> Rows:
        """Make n new rows, reusing dropped ones. Raises ValueError beyond rows_max."""
        if len(self) + n > self._settings.rows_max:
            raise ValueError(
                f"drift watches at most {self._settings.rows_max} rows: watch fewer, or raise rows_max"
            )
        reused = [self._free.pop() for _ in range(min(n, len(self._free)))]
        start = len(self._windows)
        self._windows.extend([None] * (n - len(reused)))
        rows = np.array(reused + list(range(start, len(self._windows))), dtype=np.int64)
        for row in rows:
            self._windows[row] = ADWIN(delta=self._settings.delta)
        return rows

    def drop(self, rows: Rows) -> None:
        """Give rows back."""
        for row in rows.tolist():
            self._windows[row] = None
        self._free.extend(rows.tolist())

    def update(self, rows: Rows, scores: Floats) -> NDArray[np.bool_]:
        """Take one score (nats) per row; True where a drift ends here. NaN (warming up) is passed over."""
        drifted = np.zeros(len(rows), dtype=bool)
        for i in np.flatnonzero(np.isfinite(scores)):
            window = self._windows[rows[i]]
            if window is None:
                raise ValueError(f"row {rows[i]} was dropped")
            window.update(min(float(scores[i]), CLIP_NATS))
            drifted[i] = window.drift_detected
        return drifted
