"""Novelty: a value far from every value seen before, as a share of the range seen."""

from typing import ClassVar, NamedTuple

import numpy as np

from detectors.calibration import Tail
from detectors.cells import Cells, Column32
from detectors.columns import Column, Rows
from detectors.table import Context, Floats, Judgement, Kind, Table, require_finite

SLOTS = 64
NEAR = 1 / SLOTS  # of the range: closer values are the same value, so that the slots can cover it
HORIZON = 4000  # points after which a value without a visitor is forgotten
UNIT = 0.025  # of the range: raw novelty 1
FARTHEST = 5.0  # ranges
INSIDE = 0.75  # weight of a gap inside the range
BEYOND = 0.2  # what a nat is worth that claims more than one value in all those seen can tell

TAIL = Tail(
    "novel",
    quantile=0.998,
    excess="linear",
    prior_n=10,
    prior_mean=0.2,
    memory=200,
    start=0.8,
    floor=0.2,
    settle=50,
    hurry=0,
)
COLUMNS = TAIL.columns | {
    "known": Column("f4", (SLOTS,), np.inf),  # inf: an empty slot
    "visited": Column("u2", (SLOTS,)),  # points mod 65536 at the last visit
    "known_low": Column("f4", (), np.inf),
    "known_high": Column("f4", (), -np.inf),
}


class Gap(NamedTuple):
    """How far a value lies from what is known: distance and range in its unit, raw novelty in UNITs."""

    distance: Column32
    span: Column32
    raw: Column32


def gap_of(cells: Cells, x: Column32) -> Gap:
    """Return the gap between x and the nearest remembered value; 0 while nothing is remembered."""
    low, high = cells["known_low"], cells["known_high"]
    empty = ~np.isfinite(low)
    distance = np.where(empty, 0, np.abs(cells["known"] - x).min(axis=0)).astype(np.float32)
    span = np.where(empty, 0, high) - np.where(empty, 0, low)
    ranges = distance / np.maximum(np.maximum(span, 0.1 * distance), np.float32(1e-30))
    weight = np.where((x >= low) & (x <= high), INSIDE, 1)
    raw = np.minimum(ranges * weight, FARTHEST) / UNIT
    return Gap(distance, span, raw.astype(np.float32))


def nats_of(cells: Cells, gap: Gap, points: Column32) -> Column32:
    """Return nats of a gap after so many points.

    The last of n + 1 values is the highest with a chance of 1 in n + 1, whatever their distribution: n values
    tell of no smaller chance, and a tail learned from the few that were records is much too sure.
    """
    learned = TAIL.score(cells, gap.raw)
    told = np.log(np.minimum(points, HORIZON) + 1)
    nats: Column32 = np.minimum(learned, told + np.float32(BEYOND) * (learned - told))
    return np.where(learned > 0, nats, 0)


def learn(cells: Cells, x: Column32, gap: Gap, points: Column32, warm: float | Column32) -> None:
    """Take x as experience: calibrate, remember or revisit it, forget what nobody visited."""
    TAIL.learn(cells, gap.raw, settle=warm)
    now = points.astype(np.int64) % 65536
    new = (gap.distance > NEAR * gap.span) | ~np.isfinite(cells["known_low"])
    if not new.all():
        _visit(cells.some(~new), x[~new], now[~new])
    if new.any():
        _remember(cells.some(new), x[new], now[new])
    _forget(cells, now)


def _visit(cells: Cells, x: Column32, now: Column32) -> None:
    cells.set_slot("visited", now, np.abs(cells["known"] - x).argmin(axis=0))


def _remember(cells: Cells, x: Column32, now: Column32) -> None:
    age = np.where(np.isinf(cells["known"]), 65536, (now - cells["visited"]) % 65536)
    slot = age.argmax(axis=0)
    cells.set_slot("known", x, slot)
    cells.set_slot("visited", now, slot)
    cells["known_low"] = np.minimum(cells["known_low"], x)
    cells["known_high"] = np.maximum(cells["known_high"], x)


def _forget(cells: Cells, now: Column32) -> None:
    """Look at one slot a point, in turn: ages are exact to 64 points."""
    slot = now % SLOTS
    age = (now - cells.slot("visited", slot)) % 65536
    gone = (age > HORIZON) & np.isfinite(cells.slot("known", slot))
    if not gone.any():
        return
    some = cells.some(gone)
    some.set_slot("known", np.inf, slot[gone])
    left = some["known"]
    some["known_low"] = left.min(axis=0)
    some["known_high"] = np.where(np.isinf(left), -np.inf, left).max(axis=0)


class Novelty(Table):
    """Nats for a value far from the nearest of 64 remembered ones, relative to their range.

    For values without a season. Silent for `warm` points. A remembered value is forgotten after 4000 points
    without a neighbour, which re-arms the row. Nats beyond those of one value in all seen count a fifth. A
    value above all known ones is judged `up`, below them `down`, a gap inside the range on both sides. The
    band is the range known; nothing is expected.
    """

    NAME: ClassVar[str] = "novelty"
    KINDS: ClassVar[frozenset[Kind]] = frozenset({"value"})

    def __init__(self, kind: Kind = "value", *, warm: int = 50) -> None:
        super().__init__(kind, COLUMNS | {"points": Column("f4")})
        self._warm = warm

    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """See Table.score."""
        cells, x = self._read(rows, values, context)
        nats = nats_of(cells, gap_of(cells, x), cells["points"]).astype(np.float64)
        nats[cells["points"] < self._warm] = np.nan
        low, high = cells["known_low"].astype(np.float64), cells["known_high"].astype(np.float64)
        unknown = ~np.isfinite(low)
        low[unknown] = high[unknown] = np.nan
        silent = np.where(np.isnan(nats), nats, 0)
        return Judgement(
            up=np.where(x < low, silent, nats),
            down=np.where(x > high, silent, nats),
            expected=np.full(len(rows), np.nan),
            lower=low,
            upper=high,
        )

    def learn(self, rows: Rows, values: Floats, context: Context) -> None:
        """See Table.learn."""
        cells, x = self._read(rows, values, context)
        learn(cells, x, gap_of(cells, x), cells["points"], float(self._warm))
        cells["points"] = cells["points"] + 1

    def _read(self, rows: Rows, values: Floats, context: Context) -> tuple[Cells, Column32]:
        require_finite(values, context)
        return Cells(self._cells, rows), np.clip(values, -1e15, 1e15).astype(np.float32)
