"""A running robust location and scale: what River's classes need before they can look at a number."""

from dataclasses import dataclass

import numpy as np

from detectors.cells import Cells
from detectors.table import Column, Floats

FAST = 10  # observations that are taken unclipped, as plain means
LIMIT = 5.0  # later ones move the state as if they were at most so many scales away


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and mean absolute deviation with clipped steps, exponentially forgotten.

    One outlier of any size moves the location by at most `rate` * LIMIT scales; at a lasting shift the scale
    itself grows by up to 1 + rate * (LIMIT - 1) per observation until the new level is within reach.
    relative_min, absolute_min: the scale is never taken smaller than that share of |location|, that number.
    """

    prefix: str
    rate: float = 0.01
    relative_min: float = 0.0
    absolute_min: float = 1e-9

    @property
    def columns(self) -> dict[str, Column]:
        """The columns to declare in the table's layout."""
        return {f"{self.prefix}_{name}": Column("f8") for name in ("at", "size", "seen")}

    def at(self, cells: Cells) -> Floats:
        """Return the location, one per row."""
        return np.asarray(cells[f"{self.prefix}_at"])

    def unit(self, cells: Cells) -> Floats:
        """Return the scale, as a standard deviation of a normal distribution; > 0."""
        floor = np.maximum(self.relative_min * np.abs(self.at(cells)), self.absolute_min)
        return np.asarray(np.maximum(1.2533 * cells[f"{self.prefix}_size"], floor))

    def standard(self, cells: Cells, values: Floats) -> Floats:
        """Return (value - location) / scale; 0 before the first observation."""
        seen = cells[f"{self.prefix}_seen"] > 0
        return np.where(seen, (values - self.at(cells)) / self.unit(cells), 0.0)

    def learn(self, cells: Cells, values: Floats) -> None:
        """Take finite values as experience."""
        seen, size = cells[f"{self.prefix}_seen"], cells[f"{self.prefix}_size"]
        at = np.where(seen > 0, self.at(cells), values)
        limit = np.where(seen < FAST, np.inf, LIMIT * self.unit(cells))
        step = np.clip(values - at, -limit, limit)
        rate = np.maximum(self.rate, 1 / (seen + 1))
        cells[f"{self.prefix}_at"] = at + rate * step
        cells[f"{self.prefix}_size"] = size + rate * (np.abs(step) - size)
        cells[f"{self.prefix}_seen"] = seen + 1
