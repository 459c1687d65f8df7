"""Rarity: raw scores of unknown scale, standardised per row, through a tail that each row learns."""

from dataclasses import dataclass

import numpy as np

from detectors.calibration import Tail
from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.river_scale import Scale
from detectors.table import Floats


@dataclass(frozen=True, slots=True)
class Rarity:
    """Nats of raw scores, NaN where there is none or the row has seen fewer than its tail needs."""

    scale: Scale
    tail: Tail

    @property
    def columns(self) -> dict[str, Column]:
        """The columns to declare in the table's layout."""
        return self.scale.columns | self.tail.columns

    def score(self, cells: Cells, raw: Floats) -> Floats:
        """Return nats, one per row."""
        known = np.isfinite(raw)
        nats = self.tail.score(cells, self._strangeness(cells, np.where(known, raw, 0.0)))
        ready = known & (cells[f"{self.tail.prefix}_seen"] >= self.tail.settle)
        return np.where(ready, nats, np.nan).astype(float)

    def learn(self, cells: Cells, raw: Floats) -> None:
        """Take the raw scores as experience, but what is NaN."""
        known = np.isfinite(raw)
        if known.any():
            some = cells.some(known)
            strange = self._strangeness(some, raw[known])
            self.scale.learn(some, raw[known])
            self.tail.learn(some, strange)

    def _strangeness(self, cells: Cells, raw: Floats) -> Column32:
        """Return how far the scores are above their usual ones, in scales, >= 0."""
        return np.clip(self.scale.standard(cells, raw), 0, 1e9).astype(np.float32)
