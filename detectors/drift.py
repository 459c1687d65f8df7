"""Drift: whether the scores of a row have changed their level, by ADWIN."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from river.drift import ADWIN

from detectors.table import Floats, Rows

CLIP_NATS = 20.0  # one enormous score must not be a new level by itself


class Settings(NamedTuple):
    """delta: significance of a change; rows_max: an ADWIN weighs kilobytes and about 3 us a value.

    kept: scores remembered of a row; when there are so many, its window begins anew with the later half.
    """

    delta: float = 0.002
    rows_max: int = 10_000
    kept: int = 512


class Level(NamedTuple):
    """Mean nats before and after a drift, and how many scores are of the new level."""

    before: float
    after: float
    length: int


class Drift:
    """One adaptive window per row; says where the mean score before and after some point differ.

    River's ADWIN cannot be stored, but what it has seen can: its state follows from the scores kept, so a
    loaded row goes on exactly as the dumped one would have. After a drift the window begins anew.
    (Bifet and Gavalda, Learning from time-changing data with adaptive windowing, SDM 2007.)
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._windows: list[ADWIN | None] = []
        self._kept: list[list[float]] = []
        self._levels: dict[int, Level] = {}
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
        self._kept.extend([] for _ in range(n - len(reused)))
        rows = np.array(reused + list(range(start, len(self._windows))), dtype=np.int64)
        for row in rows.tolist():
            self._begin(row, [])
        return rows

    def drop(self, rows: Rows) -> None:
        """Give rows back."""
        for row in rows.tolist():
            self._windows[row] = None
            self._levels.pop(row, None)
        self._free.extend(rows.tolist())

    def update(self, rows: Rows, scores: Floats) -> NDArray[np.bool_]:
        """Take one score (nats) per row; True where a drift ends here. NaN (warming up) is passed over."""
        drifted = np.zeros(len(rows), dtype=bool)
        for i in np.flatnonzero(np.isfinite(scores)):
            drifted[i] = self._take(int(rows[i]), float(np.float32(min(scores[i], CLIP_NATS))))
        return drifted

    def level(self, row: int) -> Level | None:
        """Return what the last drift of a row was; None before any and after loading."""
        return self._levels.get(row)

    def dump(self, row: int) -> bytes:
        """Return what a row has kept, float32."""
        return np.array(self._kept[row], "<f4").tobytes()

    def load(self, data: bytes) -> int:
        """Add a dumped row. Raises ValueError if it is none."""
        scores = np.frombuffer(data, "<f4").tolist()
        if len(scores) > self._settings.kept:
            raise ValueError(f"drift: {len(scores)} scores of a row, at most {self._settings.kept} are kept")
        row = int(self.add(1)[0])
        self._begin(row, scores)
        return row

    def _take(self, row: int, score: float) -> bool:
        window, kept = self._windows[row], self._kept[row]
        if window is None:
            raise ValueError(f"row {row} was dropped")
        kept.append(score)
        window.update(score)
        if window.drift_detected:
            length = min(max(int(window.width), 1), len(kept) - 1)
            before, after = kept[:-length], kept[-length:]
            self._levels[row] = Level(float(np.mean(before)), float(np.mean(after)), length)
            self._begin(row, [])
            return True
        if len(kept) >= self._settings.kept:
            self._begin(row, kept[len(kept) // 2 :])
        return False

    def _begin(self, row: int, scores: list[float]) -> None:
        window = ADWIN(delta=self._settings.delta)
        for score in scores:
            window.update(score)
        self._windows[row], self._kept[row] = window, list(scores)
