"""The contract of a detector: a table, one row per series, one column per piece of state."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Column, Columns, Rows, TableMismatch
from detectors.loan import Loan
from detectors.phase import COLD, READY, WEEK, Phases, phases_of

__all__ = ["Column", "Context", "Judgement", "Kind", "Rows", "Table", "TableMismatch", "require_finite"]

Kind = Literal["count", "ratio", "value", "vector"]  # a vector: several counts of one entity
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about a window beside its values.

    step_s    seconds from one observation of a row to its next (the window, or its hop)
    week_s    local seconds since Monday 00:00 at the window's start; a scalar, or one per row
    exposure  trials of a ratio, or the calendar's uplift of a count (1 = an ordinary day); None = 1
    loan      which rows may take over the shape of which; None = each knows only itself
    """

    step_s: float | Floats
    week_s: float | Floats
    exposure: Floats | None = None
    loan: Loan | None = None


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


class Table(Columns, ABC):
    """Rows of state. Subclasses declare COLUMNS and write `score` and `learn`; both take unique row numbers.

    Score first, then learn, with the same arguments; `score` changes nothing. Values and exposure are finite:
    missing data is the caller's to mask (ValueError otherwise). For ratios, values are successes and exposure
    trials; those of vectors are (part, row). n = 1 and n = 1,000,000 take the same path.
    """

    NAME: ClassVar[str]
    KINDS: ClassVar[frozenset[Kind]] = frozenset({"count", "ratio", "value"})
    DURABLE: ClassVar[bool] = True  # False: state cannot be stored, so `worker` refuses it
    rows_max: int | None = None  # the most rows it keeps; None: as many as there is memory
    BORROWS: ClassVar[frozenset[Kind]] = frozenset()  # kinds of series whose rows use a loan
    CAUTIOUS: ClassVar[bool] = True  # False: set by people, so it speaks at once, at any grade and as often

    def __init__(self, kind: Kind, columns: Mapping[str, Column]) -> None:
        """Start without rows. Raises ValueError if the detector does not take this kind of series."""
        if kind not in self.KINDS:
            raise ValueError(f"detector {self.NAME} takes {sorted(self.KINDS)}, not {kind!r} series")
        self.kind: Kind = kind
        super().__init__(columns)

    @abstractmethod
    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """Judge one value per row against what the rows have learned."""

    @abstractmethod
    def learn(self, rows: Rows, values: Floats, context: Context) -> None:
        """Take the same values as experience."""

    def shown(self, rows: Rows, values: Floats, context: Context) -> Floats:  # noqa: ARG002 (for subclasses)
        """Return what people are shown of the values before they are learned: a ratio as a ratio."""
        return values / context.exposure if self.kind == "ratio" and context.exposure is not None else values

    def moved(self, row: int) -> list[tuple[int, float]]:  # noqa: ARG002 (for subclasses)
        """Return which parts of the last vector learned were off most, and by what share; else nothing."""
        return []

    def phases(self, rows: Rows, judgement: Judgement, age_s: Floats, context: Context) -> Phases:  # noqa: ARG002 (for subclasses)
        """Return how well the rows know their series before they learn this window (see detectors/phase.py).

        age_s   experience of each row, seconds
        """
        silent = np.isnan(judgement.score)
        if not self.CAUTIOUS:
            return np.where(silent, COLD, READY).astype(np.int8)
        return phases_of(silent, age_s, context.week_s, self.familiar)

    @property
    def familiar(self) -> Floats:
        """Days of experience that each day of the week takes until it is familiar, Monday first."""
        return WEEK

    def judge_again(self, old: Judgement, values: Floats) -> Judgement | None:  # noqa: ARG002 (for subclasses)
        """Judge a closed window anew, given what was said of it and its values now (a ratio as a ratio).

        Only where what has been learned since does not matter; None otherwise: the band decides.
        """
        return None


def require_finite(values: Floats, context: Context) -> None:
    """Raise ValueError unless all values and exposures are finite."""
    if not np.isfinite(values).all() or (
        context.exposure is not None and not np.isfinite(context.exposure).all()
    ):
        raise ValueError("values and exposure must be finite: mask missing data before scoring")
