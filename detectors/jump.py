"""Jump: a value far from its recent norm as a ratio; for prices per sku and surges of any size."""

from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import Tail
from detectors.cells import Cells
from detectors.table import Column, Context, Floats, Judgement, Kind, Rows, Table, require_finite

RING = 9  # remembered observations: a new level holds the median after five
WARMUP = 5
CALM = 0.14  # least scale of ln ratio: x10 is 16.4 nats, x3 7.8, x2 5.0, x1.2 1.3
MEMORY = 0.02  # rate at which the usual size of moves is learned
NATS_MAX = 60.0
BAND = 4.0  # scales that are called normal
TINY = 1e-9  # values nearer to zero than this are zero
_HUGE = 1e290


class Move(NamedTuple):
    """Log value, its reference (the ring's median), the scale of moves; all ln units, one per row."""

    log: Floats
    norm: Floats
    scale: Floats


class Jump(Table):
    """Score the log ratio of a value to the median of the last nine, in units of the row's usual moves.

    Nats of a Laplace tail, |ln ratio| / scale, with scale = the greatest of CALM, the spread of the nine, the
    long-run size of moves and (counts, ratios) the noise of counting; up to twice that where the row's own
    calibrated tail says that such moves are rarer. Symmetric in the log, so x10 and /10 weigh the same.

    Values of either sign: ln|x| beyond TINY with the sign of x, passing through 0 at zero. Counts and ratios
    are taken as (x + 1) and (x + 1/2) / (trials + 1); a ratio without trials gives 0 nats and is not learned.

    State: 9 log values, ~10 numbers. Silent (NaN) for the first 5 observations. A lasting level is the norm
    after five observations.
    """

    NAME: ClassVar[str] = "jump"
    _TAIL: ClassVar[Tail] = Tail(prefix="tail", streams=2)

    def __init__(self, kind: Kind) -> None:
        """Take counts, ratios or values."""
        ring = {"log": Column("f8", (RING,), np.nan), "seen": Column("i4"), "usual": Column("f8")}
        super().__init__(kind, ring | self._TAIL.columns)

    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """Judge the step from the recent norm to each value."""
        require_finite(values, context)
        cells, exposure = Cells(self._cells, rows), _exposure(values, context)
        move = self._move(cells, values, exposure)
        sides = _sides(move)
        tails = self._TAIL.score(cells, sides.astype(np.float32))
        nats = np.minimum(np.clip(tails, sides, 2 * sides), NATS_MAX)
        nats = np.where(exposure > 0, nats, 0.0)
        warm = np.where(cells["seen"] >= WARMUP, 1.0, np.nan)
        reach = BAND * move.scale
        expected, lower, upper = (
            warm * self._unlog(log, exposure) for log in (move.norm, move.norm - reach, move.norm + reach)
        )
        return Judgement(warm * nats[0], warm * nats[1], expected, lower, upper)

    def learn(self, rows: Rows, values: Floats, context: Context) -> None:
        """Push the values into the rings; adapt the usual size of moves and the tails."""
        require_finite(values, context)
        exposure = _exposure(values, context)
        present = exposure > 0
        cells, values, exposure = Cells(self._cells, rows[present]), values[present], exposure[present]
        move, seen = self._move(cells, values, exposure), cells["seen"]
        if (warm := seen >= WARMUP).any():
            self._TAIL.learn(cells.some(warm), _sides(move)[:, warm].astype(np.float32))
        size = np.minimum(np.abs(move.log - move.norm), BAND * move.scale)
        cells["usual"] = cells["usual"] + np.maximum(MEMORY, 1 / (seen + 1)) * (size - cells["usual"])
        cells.set_slot("log", move.log, (seen % RING).astype(np.int64))
        # Counted modulo RING once the ring is full, so that the number never overflows.
        cells["seen"] = np.where(seen >= 2 * RING - 1, RING, seen + 1)

    def _move(self, cells: Cells, values: Floats, exposure: Floats) -> Move:
        log = self._log(values, exposure)
        ring, known = np.asarray(cells["log"]), np.minimum(cells["seen"], RING)
        norm = np.where(known > 0, _median(ring, known), log)
        spread = np.where(known > 0, _median(np.abs(ring - norm), known), 0.0)
        noise = self._noise(np.minimum(log, norm), exposure)
        scale = np.maximum.reduce([1.5 * spread, 1.2 * cells["usual"], noise, np.full(len(values), CALM)])
        return Move(log, norm, scale)

    def _log(self, values: Floats, exposure: Floats) -> Floats:
        if self.kind == "value":
            log: Floats = np.arcsinh(np.clip(values, -_HUGE, _HUGE) / (2 * TINY))
            return log
        trials = np.maximum(exposure, TINY)
        if self.kind == "count":
            return np.asarray(np.log((np.maximum(values, 0) + 1) / trials))
        return np.asarray(np.log((np.maximum(values, 0) + 0.5) / (trials + 1)))

    def _unlog(self, log: Floats, exposure: Floats) -> Floats:
        """Return the value (ratio: per trial) of a log; the inverse of `_log`."""
        log, trials = np.clip(log, -680, 680), np.maximum(exposure, TINY)
        if self.kind == "value":
            value: Floats = 2 * TINY * np.sinh(log)
            return value
        if self.kind == "count":
            return np.asarray(np.maximum(np.exp(log) * trials - 1, 0))
        return np.asarray(np.maximum(np.exp(log) * (trials + 1) - 0.5, 0) / trials)

    def _noise(self, log: Floats, exposure: Floats) -> Floats:
        """Scale of ln ratio that counting alone makes at this level."""
        if self.kind == "value":
            return np.zeros(len(log))
        trials = exposure if self.kind == "count" else exposure + 1
        return np.asarray(0.5 / np.sqrt(np.maximum(np.exp(log) * trials, 0.25)))


def _sides(move: Move) -> Floats:
    """Return the size of the move in scales, upwards and downwards: (2, row), one of them 0."""
    steps = (move.log - move.norm) / move.scale
    return np.maximum(np.stack([steps, -steps]), 0)


def _median(ring: Floats, known: NDArray[np.int32]) -> Floats:
    """Return the median of the known (not NaN) cells of each row; the last axis is the row."""
    ranked = np.sort(ring, axis=0)  # NaN last
    low, high = np.maximum(known - 1, 0) // 2, known // 2
    at = np.arange(ring.shape[1])
    middle: Floats = (ranked[low, at] + ranked[high, at]) / 2
    return middle


def _exposure(values: Floats, context: Context) -> Floats:
    return np.ones(len(values)) if context.exposure is None else np.asarray(context.exposure, float)
