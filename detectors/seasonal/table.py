"""The table of the seasonal detector: reads a window, judges it, learns from it."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import novelty, stuck
from detectors.cells import Cells
from detectors.columns import Column, Rows
from detectors.phase import COLD, FROZEN, READY, SHAPE, WARMING, WEEK, Phases
from detectors.seasonal import adoption, evidence, fine, level, noise, season, spikiness
from detectors.seasonal.experience import learn, needs_origin, origin_of
from detectors.seasonal.judgement import judge
from detectors.seasonal.pace import DAY_S, pace_of
from detectors.seasonal.reading import Reading, read
from detectors.table import Context, Floats, Judgement, Kind, Table, require_finite

BASE_COLUMNS = {
    "points": Column("f4"),
    **level.COLUMNS,
    **season.COLUMNS,
    **noise.COLUMNS,
    **fine.COLUMNS,
    **spikiness.COLUMNS,
    **adoption.COLUMNS,
    **evidence.TAIL.columns,
}
ORIGIN_COLUMNS = {
    "size": Column("f4"),
    "origin": Column("f4"),
    "lowest": Column("f4", (), np.inf),
    "highest": Column("f4", (), -np.inf),
}
KEPT = {"origin", "lowest", "highest", *novelty.COLUMNS, *stuck.VALUE_COLUMNS}  # when a row moves its origin


class Asked(NamedTuple):
    """What was read last: of which arguments, and what came of it."""

    arguments: tuple[object, ...]
    reading: Reading


class Seasonal(Table):
    """Nats against a value being what this hour of this day usually brings; the default detector.

    Counts and ratios: a CUSUM of negative-binomial likelihood ratios (small and lasting), residuals on a tail
    that each row learns (sudden), the second smallest of six residuals (lasting, on wandering noise), runs of
    equal values. Other values: residuals, novelty, runs. up and down: the greatest channel of that side.

    Silent (NaN) for 50 points, or 14 days of points where that is fewer (daily windows: 14); novelty for six
    times as long. 1.8 nats are taken off counts and ratios until a row is 14 days old, and at least twice the
    silence. What stays strange for
    `adopt_after_s` becomes the norm; `table["adopted"]` marks the rows whose last `learn` did that.
    A count or ratio without exposure is no evidence: 0 nats, and nothing is learned.

    adopt_after_s   seconds (one day)

    Raises ValueError if values or exposure are not finite.
    """

    NAME: ClassVar[str] = "seasonal"
    BORROWS: ClassVar[frozenset[Kind]] = frozenset({"count", "ratio"})
    VERSION: ClassVar[int] = 3
    ADDED: ClassVar[Mapping[str, tuple[int, float]]] = {"unrest": (2, 1.0), "loss_lent": (3, 0.0)}

    def __init__(self, kind: Kind = "count", *, adopt_after_s: float = DAY_S) -> None:
        channels = evidence.VALUE_COLUMNS | ORIGIN_COLUMNS if kind == "value" else evidence.COUNT_COLUMNS
        super().__init__(kind, BASE_COLUMNS | channels)
        self._adopt_after_s = adopt_after_s
        self._asked: Asked | None = None

    def add(self, n: int) -> Rows:
        """See Columns.add."""
        self._asked = None
        return super().add(n)

    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """See Table.score."""
        require_finite(values, context)
        reading = self._read(rows, values, context)
        self._asked = Asked(_copied(rows, values, context), reading)
        return judge(reading, context.exposure)

    @property
    def familiar(self) -> Floats:
        """See Table.familiar. Sizes of any kind take a week: their tails are not told by one day."""
        return WEEK if self.kind == "value" else SHAPE

    def phases(self, rows: Rows, judgement: Judgement, age_s: Floats, context: Context) -> Phases:
        """See Table.phases. Frozen: something strange goes on, and if it lasts it will be the norm."""
        phases, cells = super().phases(rows, judgement, age_s, context), Cells(self._cells, rows)
        young = cells["points"] < pace_of(context.step_s).young
        phases = np.where((phases == READY) & young, WARMING, phases)
        frozen = (phases != COLD) & (cells["strange"] > 0)
        return np.where(frozen, FROZEN, phases).astype(np.int8)

    def learn(self, rows: Rows, values: Floats, context: Context) -> None:
        """See Table.learn."""
        if context.exposure is not None and (told := context.exposure > 0).sum() < len(rows):
            require_finite(values, context)
            self._cells["adopted"][rows] = False
            rows, values, context = rows[told], values[told], _part(context, told)
        if not len(rows):
            return
        reading = self._again(rows, values, context)
        self._asked = None
        learn(reading, self._adopt_after_s)
        if self.kind == "value":
            self._move_origins(reading)

    def _again(self, rows: Rows, values: Floats, context: Context) -> Reading:
        """Return the reading that `score` just made of the same window, or else a new one."""
        if self._asked is not None and self._asked.arguments == _copied(rows, values, context):
            return self._asked.reading
        require_finite(values, context)
        return self._read(rows, values, context)

    def _read(self, rows: Rows, values: Floats, context: Context) -> Reading:
        return read(Cells(self._cells, rows), self.kind, values, context)

    def _move_origins(self, reading: Reading) -> None:
        """Start a value that went negative over, counted from further down; the model is a product."""
        moving = needs_origin(reading.cells, reading.window.pace.warm)
        if not moving.any():
            return
        some = reading.cells.some(moving)
        some["origin"] = origin_of(some)
        for name, column in self._layout.items():
            if name not in KEPT:
                some[name] = column.fill


def _copied(rows: Rows, values: Floats, context: Context) -> tuple[object, ...]:
    """Return the arguments as what can be compared at once, and does not change with them."""
    parts = (rows, values, context.step_s, context.week_s, context.exposure, *(context.loan or ()))
    return tuple(part.tobytes() if isinstance(part, np.ndarray) else part for part in parts)


def _part(context: Context, told: NDArray[np.bool_]) -> Context:
    exposure = None if context.exposure is None else context.exposure[told]
    loan = None if context.loan is None else context.loan.only(told)
    return Context(_at(context.step_s, told), _at(context.week_s, told), exposure, loan)


def _at(part: float | Floats, told: NDArray[np.bool_]) -> float | Floats:
    return part[told] if isinstance(part, np.ndarray) and part.ndim else part
