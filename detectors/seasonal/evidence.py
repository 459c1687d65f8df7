"""Evidence: what each channel says against a window being normal, in nats, and what of it counts."""

from typing import NamedTuple

import numpy as np

from detectors import novelty, stuck
from detectors.calibration import Tail
from detectors.cells import Cells, Column32
from detectors.novelty import Gap
from detectors.seasonal import cusum, fatigue, season, sustained, unrest
from detectors.seasonal.cusum import Sums
from detectors.seasonal.expectation import Expectation, Residual
from detectors.seasonal.sustained import Deviation
from detectors.seasonal.window import Window

TAIL = Tail("tail", streams=4)  # too high: fast, scaled; too low: fast, scaled
COUNT_TAIL_OFF = 0.5  # nats taken off the tails of counts and ratios
STUCK_SHARE, STUCK_CAP = 0.6, 10.0
VALUE_STUCK_CAP = 5.0
YOUNG_OFF = 1.8  # nats taken off counts and ratios while a row is young
SHAPELESS, SHAPED = 0.1, 0.3  # share of its variance that the season of a value explains
TAIL_DAMP = 0.8  # share of the tails that values without a shape lose: theirs are heavy
NEW_SHARE = 0.5  # of novelty that counts for values that have a shape
RANGE_KNOWN = 6  # times the silence until novelty speaks: a short past is outdone every hour

VALUE_COLUMNS = novelty.COLUMNS | stuck.VALUE_COLUMNS | fatigue.COLUMNS
COUNT_COLUMNS = cusum.COLUMNS | sustained.COLUMNS | unrest.COLUMNS | stuck.COUNT_COLUMNS


class Evidence(NamedTuple):
    """The channels of one window; a channel that a kind of series has not is None.

    up, down   what counts in the end, nats
    tails      scores that the tails learn from, (stream, row)
    stuck      nats of the run, before weighing
    """

    up: Column32
    down: Column32
    tails: Column32
    stuck: Column32
    sums: Sums | None = None
    deviation: Deviation | None = None
    gap: Gap | None = None


def of_count(cells: Cells, window: Window, expected: Expectation, residual: Residual) -> Evidence:
    """Return the evidence on counts and ratios: CUSUM, tails, run of equal values, sustained deviation."""
    sums = cusum.sums_of(cells, window, expected.mean, window.exposure * expected.level)
    z = np.where(window.judged, residual.z_fine / unrest.factor(cells, window), 0)
    deviation = sustained.deviation_of(cells, z.astype(np.float32))
    run = stuck.count_nats(cells, window.x, expected.mean, cells["unit"], expected.sd)
    still = np.minimum(STUCK_SHARE * run, STUCK_CAP)
    tails, (tail_up, tail_down) = _tails(cells, residual)
    lasting = deviation.nats()
    up = _greatest(sums.up(), tail_up - COUNT_TAIL_OFF, lasting[0], still)
    down = _greatest(sums.down(), tail_down - COUNT_TAIL_OFF, lasting[1], still)
    return Evidence(_aged(up, window), _aged(down, window), tails, run, sums=sums, deviation=deviation)


def of_value(
    cells: Cells, window: Window, expected: Expectation, residual: Residual, plain: Column32
) -> Evidence:
    """Return the evidence on other values: tails, novelty (of the `plain` value), run of equal values.

    Tails judge values that have a shape, novelty those that have none, once their range is known.
    """
    known = window.points >= RANGE_KNOWN * window.pace.warm
    shape = ((season.explained(cells) - SHAPELESS) / (SHAPED - SHAPELESS)).clip(0, 1)
    shapeless = np.where(known, 1 - shape, 0)
    gap = novelty.gap_of(cells, plain)
    new = novelty.nats_of(cells, gap, window.points) * (NEW_SHARE + (1 - NEW_SHARE) * shapeless)
    new = np.where(known, new, 0)
    run = stuck.value_nats(cells, plain, VALUE_STUCK_CAP)
    tails, (tail_up, tail_down) = _tails(cells, residual)
    damped, tired = 1 - TAIL_DAMP * shapeless, fatigue.discount(cells, window.pace)
    above = window.x >= expected.mean
    up = _greatest(tail_up * damped, np.where(above, new, 0), run) - tired
    down = _greatest(tail_down * damped, np.where(above, 0, new), run) - tired
    return Evidence(np.maximum(up, 0), np.maximum(down, 0), tails, run, gap=gap)


def strange(evidence: Evidence) -> Column32:
    """Tell the rows whose window should teach less, and that a new level would explain if it goes on."""
    if evidence.sums is None or evidence.deviation is None:
        frozen: Column32 = evidence.stuck > 4
        return frozen
    summed: Column32 = evidence.sums.sums.max(axis=0) > 5
    summed |= evidence.deviation.size.max(axis=0) > sustained.HIGH
    return summed | (evidence.stuck > 8)


def _tails(cells: Cells, residual: Residual) -> tuple[Column32, tuple[Column32, Column32]]:
    scaled, fast = residual.scaled
    # The way back to the expected value is a jump, too, but none away from it.
    away = np.where(fast * scaled > 0, fast, 0)
    high = np.array([away, scaled])
    streams = np.maximum(np.concatenate([high, -high]), 0).astype(np.float32)
    nats = TAIL.score(cells, streams)
    return streams, (np.maximum(nats[0], nats[1]), np.maximum(nats[2], nats[3]))


def _aged(nats: Column32, window: Window) -> Column32:
    young = window.points < window.pace.young
    aged: Column32 = np.maximum(nats - np.where(young, np.float32(YOUNG_OFF), np.float32(0)), 0)
    return aged


def _greatest(*nats: Column32) -> Column32:
    best = nats[0]
    for other in nats[1:]:
        best = np.maximum(best, other)
    return best
