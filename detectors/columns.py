"""Rows of state as a struct of arrays: fixed-layout numbers, so that state can be stored and read back."""

import copy
import struct
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

Rows = NDArray[np.int64]


class Column(NamedTuple):
    """One piece of state per row; `shape` cells a row, stored (*shape, row) so that a slot is contiguous."""

    dtype: DTypeLike
    shape: tuple[int, ...] = ()
    fill: float = 0.0


class TableMismatch(ValueError):  # noqa: N818 (named like what it says)
    """Dumped rows of another detector, version or layout."""


_HEADER = struct.Struct("<4sHIQ")


class Columns:
    """Rows with one array per column; dropped rows are reused."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1
    # Columns that older dumps do not have: the version they came with, and what rows from before have there.
    ADDED: ClassVar[Mapping[str, tuple[int, float]]] = {}

    def __init__(self, columns: Mapping[str, Column]) -> None:
        """Start without rows."""
        self._layout = dict(columns)
        self._bytes = {name: _cell_bytes(column) for name, column in columns.items()}  # of a row
        self._cells = {name: self._fresh(column, 0) for name, column in columns.items()}
        self._size = 0
        self._free: list[int] = []

    def __len__(self) -> int:
        return self._size - len(self._free)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return the live array of a column, rows on the last axis."""
        return self._cells[name]

    @property
    def row_bytes(self) -> int:
        """Bytes of state a row has."""
        return self._layout_bytes()

    def add(self, n: int) -> Rows:
        """Make n new rows, reusing dropped ones, and return their numbers."""
        reused = [self._free.pop() for _ in range(min(n, len(self._free)))]
        start, self._size = self._size, self._size + n - len(reused)
        self._reserve(self._size)
        rows = np.concatenate([np.array(reused, np.int64), np.arange(start, self._size)])
        at = place_of(rows)
        for name, column in self._layout.items():
            self._cells[name][..., at] = column.fill
        return rows

    def drop(self, rows: Rows) -> None:
        """Give rows back."""
        self._free.extend(rows.tolist())

    def picked(self, rows: Rows) -> Self:
        """Return a copy of these rows, as the rows 0, 1, 2 ... of a table of their own."""
        picked = copy.copy(self)
        picked._cells = {name: cells[..., rows] for name, cells in self._cells.items()}
        picked._size, picked._free = len(rows), []
        return picked

    def dump(self, rows: Rows) -> bytes:
        """Return the state of rows as fixed-layout numbers."""
        head, at = _HEADER.pack(b"FHTB", self.VERSION, self._layout_bytes(), len(rows)), place_of(rows)
        return head + b"".join(self._cells[name][..., at].tobytes() for name in self._layout)

    def load(self, data: bytes) -> Rows:
        """Add the dumped rows and return their new numbers, in the order dumped.

        Raises TableMismatch if they are not of this version and layout, or of an older version that
        lacks just the columns ADDED since.
        """
        n, names = self._check(data)
        rows, start = self.add(n), _HEADER.size
        at, view = place_of(rows), memoryview(data)
        for name in self._layout.keys() - names:
            self._cells[name][..., at] = self.ADDED[name][1]
        for name in names:
            column, end = self._layout[name], start + self._bytes[name] * n
            block = np.frombuffer(view[start:end], dtype=column.dtype)
            self._cells[name][..., at] = block.reshape(*column.shape, n)
            start = end
        return rows

    def _check(self, data: bytes) -> tuple[int, list[str]]:
        """Return how many rows a dump holds, and of which columns."""
        if len(data) < _HEADER.size:
            raise TableMismatch(f"{self.NAME}: dump is cut off")
        magic, version, layout_bytes, n = _HEADER.unpack_from(data)
        names = [name for name in self._layout if self.ADDED.get(name, (1,))[0] <= version]
        row_bytes = sum(self._bytes[name] for name in names)
        readable = {self.VERSION, *(came - 1 for came, _ in self.ADDED.values())}
        whole = (b"FHTB", row_bytes, _HEADER.size + n * row_bytes)
        if version not in readable or (magic, layout_bytes, len(data)) != whole:
            raise TableMismatch(
                f"{self.NAME}: dump of another version or layout (have version {self.VERSION})"
            )
        return int(n), names

    def _layout_bytes(self) -> int:
        return sum(self._bytes.values())

    def _reserve(self, size: int) -> None:
        for name, column in self._layout.items():
            old = self._cells[name]
            if old.shape[-1] < size:
                new = self._fresh(column, max(size, old.shape[-1] * 3 // 2))
                new[..., : old.shape[-1]] = old
                self._cells[name] = new

    @staticmethod
    def _fresh(column: Column, n: int) -> NDArray[Any]:
        return np.empty((*column.shape, n), dtype=column.dtype)  # a row is filled when it is added


def place_of(rows: Rows) -> slice | Rows:
    """Return rows as an index: those that follow each other as a slice, which is many times faster."""
    n = len(rows)
    if n and rows[-1] - rows[0] == n - 1 and (n == 1 or bool((np.diff(rows) == 1).all())):
        return slice(int(rows[0]), int(rows[0]) + n)
    return rows


def _cell_bytes(column: Column) -> int:
    return int(np.dtype(column.dtype).itemsize * np.prod(column.shape, dtype=int))
