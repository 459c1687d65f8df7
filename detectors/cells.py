"""Cells: the columns of a table at some of its rows, read and written by name."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows, place_of

Column32 = NDArray[Any]  # float32 per row; numpy's stubs lose the width in mixed arithmetic
Index = int | NDArray[np.int64]


class Cells:
    """The state of `rows`: `cells["q"]` reads, `cells["q"] = ...` writes back.

    Rows that lie next to each other in ascending order are read as views, which is several times faster than
    gathering them; so never change in place what was read. The last axis is the row.
    """

    def __init__(self, columns: Mapping[str, NDArray[Any]], rows: Rows) -> None:
        self._columns = columns
        self.rows = rows
        self._at = place_of(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Column32:
        column = self._columns[name]
        if column.ndim == 1:
            return column[self._at]
        return column[..., self._at] if isinstance(self._at, slice) else column.take(self._at, axis=-1)

    def __setitem__(self, name: str, value: Any) -> None:
        column = self._columns[name]
        column[self._at if column.ndim == 1 else (..., self._at)] = value

    def slot(self, name: str, *index: Index) -> Column32:
        """Return one cell per row of a column with a shape: the same index for all rows, or one each."""
        cells: Column32 = self._columns[name][self._key(index)]
        return cells

    def set_slot(self, name: str, value: Any, *index: Index) -> None:
        """Write what `slot` reads."""
        self._columns[name][self._key(index)] = value

    def some(self, mask: NDArray[np.bool_]) -> "Cells":
        """Return the cells of those rows where the mask holds."""
        return Cells(self._columns, self.rows[mask])

    def at(self, rows: Rows) -> "Cells":
        """Return the cells of other rows of the same table."""
        return Cells(self._columns, rows)

    def _key(self, index: tuple[Index, ...]) -> tuple[Any, ...]:
        for i in index:
            if not isinstance(i, int):
                return (*index, self.rows)
        return (*index, self._at)
