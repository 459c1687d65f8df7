"""CUSUM: small deviations that last, as log-likelihood ratios of negative binomials, summed up."""

from typing import NamedTuple

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal.level import pace_of_counts
from detectors.seasonal.noise import relative_variance, wandering
from detectors.seasonal.pace import Pace, Rate, per_clock
from detectors.seasonal.window import Window

FACTORS = np.array([0.05, 0.4, 0.7, 1.5, 2.5], dtype=np.float32)
DOWN, UP = slice(0, 3), slice(3, 5)
CAP = 20.0  # nats
SURE = 0.98  # greatest share that a raised ratio may have
UP_CLIP = 4.0  # greatest evidence of one point, nats
RECOVERED = 4.0  # nats for normality since its peak that end a sum, or small counts carry it for days

REACH = 3.5  # nats: a sum half-way to an alarm
HOUR_S = 3600.0  # over which a half hour's factor errs to one side
# nats that a point of relative variance 1 brings a sum whose factor is true
PER_POINT = (FACTORS * np.log(FACTORS) - FACTORS + 1)[:, np.newaxis]

COLUMNS = {"cusum": Column("f4", (len(FACTORS),)), "cusum_peak": Column("f4", (len(FACTORS),))}


class Sums(NamedTuple):
    """Sums after a point and their peaks, (factor, row), and their cap in the score, lower with wander."""

    sums: Column32
    peaks: Column32
    cap: Column32

    def down(self) -> Column32:
        """Return nats for too low."""
        nats: Column32 = np.minimum(self.sums[DOWN].max(axis=0), self.cap)
        return nats

    def up(self) -> Column32:
        """Return nats for too high."""
        nats: Column32 = np.minimum(self.sums[UP].max(axis=0), self.cap)
        return nats


def sums_of(cells: Cells, window: Window, mu: Column32, usual: Column32) -> Sums:
    """Return the sums with window.x added, where mu was expected; those of rows not judged stay as they are.

    `usual` is what the level alone expects.

    A sum grows by ln P(x | factor * mu) / P(x | mu), shrunk where noise wanders and so repeats itself,
    and where the mean itself is in doubt.
    Source: Page (1954) with the likelihood ratio of the negative binomial, of the binomial where there is
    less noise than in counting.
    """
    wander = wandering(cells)
    doubt = _doubt(cells, window.pace, usual)
    gain = _evidence(cells, window.x, mu) / (wander * np.sqrt(wander) * doubt)
    gain[DOWN] = gain[DOWN].clip(-UP_CLIP, window.pace.down_clip)
    gain[UP] = gain[UP].clip(-UP_CLIP, UP_CLIP)
    old = cells["cusum"]
    sums = np.where(window.judged, (old + gain).clip(0, CAP), old)
    peaks = np.maximum(cells["cusum_peak"], sums)
    going_on = (sums > 0) & (peaks - sums < RECOVERED)
    return Sums(sums * going_on, peaks * going_on, 40 / (wander * wander))


def learn(cells: Cells, sums: Sums) -> None:
    """Take over the sums of a point."""
    cells["cusum"], cells["cusum_peak"] = sums.sums, sums.peaks


def _doubt(cells: Cells, pace: Pace, usual: Column32) -> Column32:
    """Return the variance of a sum over that which it had if the mean were known.

    The longer a sum has to grow, the more of it may be an error of the level, which lasts, or of the half
    hour's factor. Either has the variance of a point times half of what a point renews.
    """
    points = REACH * relative_variance(cells, usual) / PER_POINT
    visit = np.minimum(points, _visit(pace.step_s))
    doubt: Column32 = 1 + (points * pace_of_counts(cells, pace, usual) + visit * pace.profile) / 2
    return doubt


@per_clock
def _visit(step_s: Rate) -> Column32:
    """Return the points of an hour, at least one."""
    return np.asarray(np.maximum(1, np.float32(HOUR_S) / np.asarray(step_s, np.float32)))


def _evidence(cells: Cells, x: Column32, mu: Column32) -> Column32:
    slope = np.maximum(cells["slope"], 1e-4)
    unit = np.maximum(cells["unit"], np.maximum(1, 0.001 * slope * mu))
    mean, count = mu / unit, np.maximum(x, 0) / unit
    # Less noise than counting has: trials that can run out. The same formula with a p < 0 is the binomial.
    pm = np.maximum(np.minimum(cells["unit"] - 1, 0) + slope * mean, -SURE)
    pm = np.where(np.abs(pm) < 1e-5, np.float32(1e-5), pm)
    factor = np.minimum(FACTORS[:, np.newaxis], SURE / np.maximum(-pm, 0.1))
    # y ln R - (y + 1/p) ln((1 + R p m) / (1 + p m)), arranged so that large counts lose no digits in float32
    kept = count * _log1p((factor - 1) / (1 + factor * pm))
    evidence: Column32 = kept - mean * _log1p((factor - 1) * (pm / (1 + pm))) / pm
    return evidence


def _log1p(x: Column32) -> Column32:
    """Return log(1 + x) to four units of the last place, in a third of the time that np.log1p takes.

    The logarithm is a vectorised one; what 1 + x was rounded by is made good to first order.
    """
    whole = 1 + x
    log: Column32 = np.log(whole) - ((whole - 1) - x) / whole
    return log
