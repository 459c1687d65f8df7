"""A forest: River's half-space trees over vectors, one model a row."""

from typing import Any

import numpy as np

from detectors.columns import Rows
from detectors.river_codec import restore_trees, trees_numbers
from detectors.river_model import ADAPTERS, SEED, mass_nats, no_panic
from detectors.table import Floats

NAME = "HalfSpaceTrees"
REACH = 4.0  # standard deviations that the unit interval spans on either side


class Forest:
    """Models by row. Vectors are (part, row), in standard deviations.

    Source: Tan, Ting and Liu, Fast anomaly detection for streaming data, IJCAI 2011.
    """

    def __init__(self, parts: int, window_size: int, height: int) -> None:
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

    def read(self, rows: Rows, vectors: Floats) -> Floats:
        """Return -ln of the mass found near each vector; NaN for the first `window_size` of a row."""
        with no_panic(NAME):
            pairs = zip(rows.tolist(), self._shares(vectors), strict=True)
            return np.array([mass_nats(self._models[row], vector) for row, vector in pairs])

    def learn(self, rows: Rows, vectors: Floats) -> None:
        """Let the trees learn the vectors."""
        with no_panic(NAME):
            for row, vector in zip(rows.tolist(), self._shares(vectors), strict=True):
                self._models[row].learn_one(vector)

    def dump(self, rows: Rows) -> bytes:
        """Return the masses of the rows' trees: whole numbers, as many for each row."""
        return b"".join(trees_numbers(self._models[row]).astype("<u4").tobytes() for row in rows.tolist())

    def load(self, rows: Rows, data: bytes) -> None:
        """Take over dumped masses; `data` has `row_bytes` for each row."""
        numbers = np.frombuffer(data, "<u4").reshape(len(rows), -1).astype(float)
        centre = dict.fromkeys(self._names, 0.5)
        with no_panic(NAME):
            for row, state in zip(rows.tolist(), numbers, strict=True):
                restore_trees(self._models[row], state, centre)

    @property
    def row_bytes(self) -> int:
        """Bytes that `dump` gives for one row."""
        return 4 * len(trees_numbers(self._build()))

    def _shares(self, vectors: Floats) -> list[dict[str, float]]:
        shares = 0.5 + np.clip(vectors, -REACH, REACH) / (2 * REACH)
        return [dict(zip(self._names, vector, strict=True)) for vector in shares.T.tolist()]

    def _build(self) -> Any:
        return ADAPTERS[NAME].build(**self._settings)
