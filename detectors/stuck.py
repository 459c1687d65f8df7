"""Stuck: the same value again and again, more often than its own history or its noise allows."""

from typing import ClassVar

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column, Rows
from detectors.table import Context, Floats, Judgement, Kind, Table, require_finite

COUNT_CAP = 20.0  # nats
REPEAT_RATE = 0.002  # learning of how usual a repetition is
REPEAT_FLOOR = 0.02  # a repetition is never worth more than -ln of it
ALARMED = 6.0  # nats from which repetitions are hardly learned
RECORD_DECAY = 0.99995
YOUNG = 288  # points during which an unfinished run counts as usual
CHANGES = 20.0  # changes of value before a run can be strange

RUN_COLUMNS = {"run_last": Column("f4", (), np.nan)}
COUNT_COLUMNS = RUN_COLUMNS | {"run_nats": Column("f4"), "run_usual": Column("f4")}
VALUE_COLUMNS = RUN_COLUMNS | {
    "run_length": Column("f4"),
    "run_record": Column("f4"),
    "run_changes": Column("f4"),
}


def count_nats(cells: Cells, x: Column32, mu: Column32, unit: Column32, sd: Column32) -> Column32:
    """Return the evidence of a run of equal counts that `x` continues; 0 where it ends one.

    Each repetition is worth -ln of its probability: that of the likeliest value of a distribution of this
    `sd` (in steps of `unit`), that of no event at all if x is 0, or how usual repetitions are in this row.
    """
    nats = np.zeros(len(x), np.float32)
    again = x == cells["run_last"]
    if again.any():  # few rows repeat a value
        p = _repetition(x[again], mu[again], unit[again], sd[again], cells["run_usual"][again])
        nats[again] = np.minimum(cells["run_nats"][again] - np.log(p), COUNT_CAP)
    return nats


def _repetition(x: Column32, mu: Column32, unit: Column32, sd: Column32, usual: Column32) -> Column32:
    """Probability that x repeats the value before it."""
    likeliest = np.minimum(1, 0.45 / np.maximum(sd / unit, 0.45))
    p = np.maximum(np.maximum(likeliest, usual), REPEAT_FLOOR)
    return np.where(x == 0, np.maximum(p, _no_event(mu, unit, sd)), p)


def learn_count(cells: Cells, x: Column32, nats: Column32) -> None:
    """Take x as experience; `nats` is what `count_nats` said of it."""
    rate = np.where(nats >= ALARMED, REPEAT_RATE * 0.02, REPEAT_RATE).astype(np.float32)
    usual = cells["run_usual"]
    cells["run_usual"] = usual + rate * ((x == cells["run_last"]) - usual)
    cells["run_nats"] = nats
    cells["run_last"] = x


def value_nats(cells: Cells, x: Column32, cap: float) -> Column32:
    """Return a nat per repetition beyond twice the longest run known + 8, at most `cap`."""
    length = np.where(x == cells["run_last"], cells["run_length"] + 1, 0)
    excess = np.clip(length - 2 * cells["run_record"] - 8, 0, cap)
    return np.where(cells["run_changes"] >= CHANGES, excess, 0).astype(np.float32)


def learn_value(cells: Cells, x: Column32, points: Column32) -> None:
    """Take x as experience: finished runs set the record, unfinished ones only while the row is young."""
    same, length = x == cells["run_last"], cells["run_length"]
    grown = np.where(same, length + 1, 0)
    finished = np.where(same, 0, length)
    known = np.where(points < YOUNG, np.maximum(grown, finished), finished)
    cells["run_record"] = np.maximum(cells["run_record"] * np.float32(RECORD_DECAY), known)
    cells["run_changes"] = np.minimum(cells["run_changes"] + ~same, CHANGES)
    cells["run_length"] = grown
    cells["run_last"] = x


def _no_event(mu: Column32, unit: Column32, sd: Column32) -> Column32:
    """Probability of 0 of a negative binomial of mean mu and deviation sd, in steps of unit."""
    over = np.maximum((sd * sd - unit * mu) / np.maximum(mu, 1e-9), 0) / unit  # phi * mu / u
    spread = np.maximum(over, 0.1)
    crowded = np.exp(-np.minimum(mu / unit, 80) * np.log1p(spread) / spread)
    return np.where(over >= 0.1, crowded, np.exp(-np.minimum(mu / unit, 80)))


class Stuck(Table):
    """Nats for a series that repeats one value: for sensors, feeds and caches that froze.

    A nat per repetition beyond twice the longest run of the row's history + 8, once the value has changed 20
    times. Ratios are taken as value / exposure. Judged on both sides; what is expected, and the band, is the
    value that stands still.

    cap   greatest score, nats
    warm  points without a score
    """

    NAME: ClassVar[str] = "stuck"

    def __init__(self, kind: Kind = "value", *, cap: float = 20.0, warm: int = 50) -> None:
        super().__init__(kind, VALUE_COLUMNS | {"points": Column("f4")})
        self._cap, self._warm = cap, warm

    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """See Table.score."""
        cells = Cells(self._cells, rows)
        nats = value_nats(cells, self._plain(values, context), self._cap).astype(np.float64)
        nats[cells["points"] < self._warm] = np.nan
        last = cells["run_last"].astype(np.float64)
        return Judgement(nats, nats.copy(), last, last.copy(), last.copy())

    def learn(self, rows: Rows, values: Floats, context: Context) -> None:
        """See Table.learn."""
        cells = Cells(self._cells, rows)
        learn_value(cells, self._plain(values, context), cells["points"])
        cells["points"] = cells["points"] + 1

    def judge_again(self, old: Judgement, values: Floats) -> Judgement:
        """Take the evidence back where the value is no longer the one before."""
        stands = np.where(values.astype(np.float32) == old.expected, 1.0, 0.0)
        return old._replace(up=stands * old.up, down=stands * old.down)

    def _plain(self, values: Floats, context: Context) -> Column32:
        require_finite(values, context)
        if self.kind == "ratio" and context.exposure is not None:
            values = values / np.maximum(context.exposure, 1e-9)
        return np.clip(values, -1e15, 1e15).astype(np.float32)
