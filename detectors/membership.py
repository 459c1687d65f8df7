"""Membership: which rule a row belongs to, and what is known of it whatever its detector."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.cells import Cells
from detectors.columns import Column, Columns, Rows
from detectors.phase import COLD, GROWN_S, READY, grown
from detectors.table import Floats

VOLUME_MEMORY = 2_000  # observations after which the mean volume of a row forgets
CRIES_MEMORY_MS = 14 * 86_400_000.0


class Membership(Columns):
    """One row per row of a bank.

    rule             whose thresholds hold
    volume, seen     mean events a window, over so many
    phase, age_s     how well it knows its series, and from how much experience (detectors/phase.py)
    last_ms          end of the last window observed, epoch ms; 0: none
    heard_ms         end of the last one with events; 0: not known (stored by an older version, missing data)
    cries            alerts opened, forgotten within two weeks
    """

    NAME: ClassVar[str] = "membership"
    VERSION: ClassVar[int] = 2
    # Rows from before there were phases spoke freely, and go on doing so.
    ADDED: ClassVar[Mapping[str, tuple[int, float]]] = {
        "phase": (2, READY),
        "age_s": (2, GROWN_S),
        "last_ms": (2, 0),
        "heard_ms": (2, 0),
        "cries": (2, 0),
    }

    def __init__(self) -> None:
        super().__init__(
            {
                "rule": Column(np.int16),
                "volume": Column(np.float32),
                "seen": Column(np.int32),
                "phase": Column(np.int8, (), COLD),
                "age_s": Column(np.float32),
                "last_ms": Column(np.int64),
                "heard_ms": Column(np.int64),
                "cries": Column(np.float32),
            }
        )

    def silent(self, rows: Rows, end_ms: int, ttl_ms: int) -> NDArray[np.bool_]:
        """Whether rows have had no events for `ttl_ms` at `end_ms`; where unknown, that counts from now."""
        heard = self["heard_ms"][rows]
        self["heard_ms"][rows] = heard = np.where(heard == 0, end_ms, heard)
        silent: NDArray[np.bool_] = heard < end_ms - ttl_ms
        return silent

    def observe(self, rows: Rows, volume: Floats, end_ms: int) -> None:
        """Note that the rows observe a window that ends at `end_ms`, with so many events behind it."""
        cells = Cells(self._cells, rows)
        last, heard, cries = cells["last_ms"], cells["heard_ms"], cells["cries"]
        cells["age_s"] = grown(cells["age_s"], last, end_ms)
        if cries.any():
            cells["cries"] = cries * np.exp(-np.where(last > 0, end_ms - last, 0) / CRIES_MEMORY_MS)
        cells["last_ms"] = end_ms
        cells["heard_ms"] = np.where((volume > 0) | (heard == 0), end_ms, heard)
        seen = np.minimum(cells["seen"] + 1, VOLUME_MEMORY)
        cells["seen"] = seen
        mean = cells["volume"]
        cells["volume"] = mean + (volume - mean) / seen
