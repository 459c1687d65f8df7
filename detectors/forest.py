"""A forest: River's half-space trees over vectors, one model a row, scaled and calibrated."""

from typing import Any, ClassVar

import numpy as np

from detectors.calibration import Tail
from detectors.cells import Cells
from detectors.columns import Rows
from detectors.river_codec import restore_trees, trees_numbers
from detectors.river_model import ADAPTERS, SEED, mass_nats, no_panic
from detectors.river_scale import Scale
from detectors.table import Floats

NAME = "HalfSpaceTrees"
REACH = 4.0  # standard deviations that the unit interval spans on either side


class Forest:
    """Models by row. What is read of a vector goes through the row's own scale and tail, as in `River`.

    Vectors are (part, row), in standard deviations. Silent (NaN) for `window_size` vectors and 100 scores.
    Source: Tan, Ting and Liu, Fast anomaly detection for streaming data, IJCAI 2011.
    """

    _RAW: ClassVar[Scale] = Scale("trees", absolute_min=ADAPTERS[NAME].noise)
    _TAIL: ClassVar[Tail] = Tail("trees_tail")
    COLUMNS = _RAW.columns | _TAIL.columns

    def __init__(self, parts: int, window_size: int, height: int) -> None:
        """Raise ValueError unless the trees can be built so."""
        if window_size < 2 or not 1 <= height <= 12:
            raise ValueError(
                f"joint: window_size must be 2 or more and height 1 to 12, not {window_size} and {height}"
            )
        self._names = [f"part{part:02d}" for part in range(parts)]
        self._settings = {"window_size": window_size, "height": height, "seed": SEED}
        self._models: dict[int, Any] = {}

    def add(self, rows: Rows) -> None:
        """Plant the trees of new rows."""
        for row in rows.tolist():
            self._models[row] = self._build()

    def drop(self, rows: Rows) -> None:
        """Free the trees of rows."""
        for row in rows.tolist():
            del self._models[row]

    def score(self, cells: Cells, vectors: Floats) -> Floats:
        """Return nats, one per row; NaN while it warms up."""
        raw = self._read(cells.rows, vectors)
        known = np.isfinite(raw)
        strange = self._strangeness(cells, np.where(known, raw, 0.0))
        ready = known & (cells["trees_tail_seen"] >= self._TAIL.settle)
        return np.where(ready, self._TAIL.score(cells, strange), np.nan).astype(float)

    def learn(self, cells: Cells, vectors: Floats) -> None:
        """Let the trees learn the vectors, scale and tail what was read of them before."""
        raw = self._read(cells.rows, vectors)
        with no_panic(NAME):
            for row, vector in zip(cells.rows.tolist(), self._shares(vectors), strict=True):
                self._models[row].learn_one(vector)
        if (known := np.isfinite(raw)).any():
            some = cells.some(known)
            strange = self._strangeness(some, raw[known])
            self._RAW.learn(some, raw[known])
            self._TAIL.learn(some, strange)

    def dump(self, rows: Rows) -> bytes:
        """Return the masses of the rows' trees: whole numbers, as many for each row."""
        return b"".join(trees_numbers(self._models[row]).astype("<u4").tobytes() for row in rows.tolist())

    def row_bytes(self) -> int:
        """Return the bytes that `dump` gives for one row."""
        return 4 * len(trees_numbers(self._build()))

    def load(self, rows: Rows, data: bytes) -> None:
        """Take over dumped masses; `data` has `row_bytes` for each row."""
        numbers = np.frombuffer(data, "<u4").reshape(len(rows), -1).astype(float)
        centre = dict.fromkeys(self._names, 0.5)
        with no_panic(NAME):
            for row, state in zip(rows.tolist(), numbers, strict=True):
                restore_trees(self._models[row], state, centre)

    def _read(self, rows: Rows, vectors: Floats) -> Floats:
        with no_panic(NAME):
            pairs = zip(rows.tolist(), self._shares(vectors), strict=True)
            return np.array([mass_nats(self._models[row], vector) for row, vector in pairs])

    def _shares(self, vectors: Floats) -> list[dict[str, float]]:
        shares = 0.5 + np.clip(vectors, -REACH, REACH) / (2 * REACH)
        return [dict(zip(self._names, vector, strict=True)) for vector in shares.T.tolist()]

    def _strangeness(self, cells: Cells, raw: Floats) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.clip(self._RAW.standard(cells, raw), 0, 1e9).astype(np.float32)

    def _build(self) -> Any:
        return ADAPTERS[NAME].build(**self._settings)
