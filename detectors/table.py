"""The contract of a detector: a table, one row per series, one column per piece of state."""

import struct
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

Kind = Literal["count", "ratio", "value"]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Column(NamedTuple):
    """One piece of state per row; `shape` cells a row, stored (*shape, row) so that a slot is contiguous."""

    dtype: DTypeLike
    shape: tuple[int, ...] = ()
    fill: float = 0.0


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about a window beside its values.

    step_s    seconds from one observation of a row to its next (the window, or its hop)
    week_s    local seconds since Monday 00:00 at the window's start; a scalar, or one per row
    exposure  trials of a ratio, or the calendar's uplift of a count (1 = an ordinary day); None = 1
    """

    step_s: float | Floats
    week_s: float | Floats
    exposure: Floats | None = None


class Judgement(NamedTuple):
    """How strange each value is. All arrays have one entry per row asked; NaN = still warming up.

    up, down         nats of evidence that the value is too high / too low; >= 0. Evidence without a side
                     (a stuck value, a novelty) stands in both.
    expected         in the unit of the value (for ratios: of value / exposure); NaN where there is none
    lower, upper     the band that is called normal, same unit
    """

    up: Floats
    down: Floats
    expected: Floats
    lower: Floats
    upper: Floats

    @property
    def score(self) -> Floats:
        """The stronger side, in nats."""
        return np.maximum(self.up, self.down)


class TableMismatch(ValueError):  # noqa: N818 (named like what it says)
    """Dumped rows of another detector, version or layout."""


_HEADER = struct.Struct("<4sHIQ")


class Table(ABC):
    """Rows of state. Subclasses declare COLUMNS and write `score` and `learn`; both take unique row numbers.

    Score first, then learn, with the same arguments; `score` changes nothing. Values and exposure are finite:
    missing data is the caller's to mask (ValueError otherwise). For ratios, values are successes and exposure
    trials. n = 1 and n = 1,000,000 take the same path.
    """

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1
    KINDS: ClassVar[frozenset[Kind]] = frozenset({"count", "ratio", "value"})
    DURABLE: ClassVar[bool] = True  # False: state cannot be stored, so `worker` refuses it

    def __init__(self, kind: Kind, columns: Mapping[str, Column]) -> None:
        """Start without rows. Raises ValueError if the detector does not take this kind of series."""
        if kind not in self.KINDS:
            raise ValueError(f"detector {self.NAME} takes {sorted(self.KINDS)}, not {kind!r} series")
        self.kind: Kind = kind
        self._layout = dict(columns)
        self._cells = {name: self._fresh(column, 0) for name, column in columns.items()}
        self._size = 0
        self._free: list[int] = []

    def __len__(self) -> int:
        return self._size - len(self._free)

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        """Return the live array of a column, rows on the last axis."""
        return self._cells[name]

    @abstractmethod
    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """Judge one value per row against what the rows have learned."""

    @abstractmethod
    def learn(self, rows: Rows, values: Floats, context: Context) -> None:
        """Take the same values as experience."""

    def add(self, n: int) -> Rows:
        """Make n new rows, reusing dropped ones, and return their numbers."""
        reused = [self._free.pop() for _ in range(min(n, len(self._free)))]
        start, self._size = self._size, self._size + n - len(reused)
        self._reserve(self._size)
        rows = np.array(reused + list(range(start, self._size)), dtype=np.int64)
        for name, column in self._layout.items():
            self._cells[name][..., rows] = column.fill
        return rows

    def drop(self, rows: Rows) -> None:
        """Give rows back."""
        self._free.extend(rows.tolist())

    def dump(self, rows: Rows) -> bytes:
        """Return the state of rows as fixed-layout numbers."""
        head = _HEADER.pack(b"FHTB", self.VERSION, self._layout_bytes(), len(rows))
        return head + b"".join(
            np.ascontiguousarray(self._cells[c][..., rows]).tobytes() for c in self._layout
        )

    def load(self, data: bytes) -> Rows:
        """Add the dumped rows and return their new numbers, in the order dumped.

        Raises TableMismatch if they are not of this version and layout.
        """
        n = self._check(data)
        rows, at = self.add(n), _HEADER.size
        for name, column in self._layout.items():
            size = _cell_bytes(column) * n
            block = np.frombuffer(data[at : at + size], dtype=column.dtype)
            self._cells[name][..., rows] = block.reshape(*column.shape, n)
            at += size
        return rows

    def _check(self, data: bytes) -> int:
        if len(data) < _HEADER.size:
            raise TableMismatch(f"{self.NAME}: dump is cut off")
        magic, version, layout_bytes, n = _HEADER.unpack_from(data)
        whole = _HEADER.size + n * self._layout_bytes()
        if (magic, version, layout_bytes, len(data)) != (b"FHTB", self.VERSION, self._layout_bytes(), whole):
            raise TableMismatch(
                f"{self.NAME}: dump of another version or layout (have version {self.VERSION})"
            )
        return int(n)

    def _layout_bytes(self) -> int:
        return sum(_cell_bytes(column) for column in self._layout.values())

    def _reserve(self, size: int) -> None:
        for name, column in self._layout.items():
            old = self._cells[name]
            if old.shape[-1] < size:
                new = self._fresh(column, max(size, old.shape[-1] * 3 // 2))
                new[..., : old.shape[-1]] = old
                self._cells[name] = new

    @staticmethod
    def _fresh(column: Column, n: int) -> NDArray[np.generic]:
        return np.full((*column.shape, n), column.fill, dtype=column.dtype)


def _cell_bytes(column: Column) -> int:
    return int(np.dtype(column.dtype).itemsize * np.prod(column.shape, dtype=int))


def require_finite(values: Floats, context: Context) -> None:
    """Raise ValueError unless all values and exposures are finite."""
    if not np.isfinite(values).all() or (
        context.exposure is not None and not np.isfinite(context.exposure).all()
    ):
        raise ValueError("values and exposure must be finite: mask missing data before scoring")
