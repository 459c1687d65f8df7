"""Expectation: what a window should bring, with its noise, and how far the value lies from it."""

from typing import NamedTuple

import numpy as np

from detectors.cells import Cells, Column32
from detectors.seasonal import fine, level, noise, season, spikiness
from detectors.seasonal.lent import Lent
from detectors.seasonal.pace import Pace
from detectors.seasonal.season import Prior, Season
from detectors.seasonal.window import Window
from detectors.table import Kind

RATIO_PRIOR = 25.0  # units behind a half hour of a ratio: it differs from others by a fifth or so
FIRST_RATIO = 0.1  # expected of a ratio never seen


class Expectation(NamedTuple):
    """What was expected of a window.

    level, season  per unit of exposure, and its factors
    mean           expected value of x
    variance, sd   of x around it, before scaling
    scale          sd of the standardised residuals seen so far, and of those less their drift; (2, row)
    corrected      mean with the fine correction
    correction     the fine correction in scaled standard deviations
    """

    level: Column32
    season: Season
    mean: Column32
    variance: Column32
    sd: Column32
    scale: Column32
    corrected: Column32
    correction: Column32


class Residual(NamedTuple):
    """Distances of x from what was expected.

    raw         x - corrected
    z           raw, and raw less the drift its predecessors foretell, in standard deviations; (2, row)
    scaled      the same in scaled standard deviations
    z_plain     x - mean in scaled standard deviations; z_fine: less the fine correction
    spiky       what scaled was divided by, for half hours that spike every day
    """

    raw: Column32
    z: Column32
    scaled: Column32
    z_plain: Column32
    z_fine: Column32
    spiky: Column32


def expect(cells: Cells, kind: Kind, window: Window, lent: Lent) -> Expectation:
    """Return what the rows expect of a window, given what others lend."""
    base = _level(cells, kind, window)
    factors = season.season_of(cells, window, base, prior_of(cells, kind, base, window.pace), lent)
    mean = np.maximum(window.exposure * base * factors.used, np.float32(1e-9))
    size: Column32 = cells["size"] if kind == "value" else np.zeros(1, np.float32)
    if kind == "value":
        mean = np.maximum(mean, 0.001 * size)
    variance = noise.variance_of(cells, mean, size, noise.FLOORS[kind])
    sd, scale = np.sqrt(variance), np.sqrt(np.maximum(cells["scale"], 1e-6))
    shift = fine.correction(cells, window)
    corrected = np.maximum(mean + shift * sd * scale[0], 0.2 * mean)
    return Expectation(base, factors, mean, variance, sd, scale, corrected, shift)


def residual_of(cells: Cells, window: Window, expected: Expectation) -> Residual:
    """Return how far x lies from what was expected."""
    raw = window.x - expected.corrected
    fast = raw - noise.drift_of(cells, window.exposure)
    z = (np.array([raw, fast]) / expected.sd).clip(-1e6, 1e6)
    spiky = spikiness.divisor(cells, window)
    scaled = z / (expected.scale * spiky)
    z_plain = ((window.x - expected.mean) / (expected.sd * expected.scale[0])).clip(-1e6, 1e6)
    return Residual(raw, z, scaled, z_plain, z_plain - expected.correction, spiky)


def _level(cells: Cells, kind: Kind, window: Window) -> Column32:
    first = np.float32(FIRST_RATIO) if kind == "ratio" else window.x / np.maximum(window.exposure, 1e-9)
    return np.where(window.points == 0, first, level.level_of(cells))


def prior_of(cells: Cells, kind: Kind, base: Column32, pace: Pace) -> Prior:
    """Return what stands behind slots that have seen little, at this level."""
    chance = cells["unit"] + cells["slope"] * np.maximum(base, 0)
    day = pace.prior * chance
    slot = chance / 3
    if kind == "ratio":
        slot = RATIO_PRIOR * np.minimum(cells["unit"], 1)  # what is more is a season not learned yet
    if kind == "value":
        slot = np.maximum(slot, 0.05 * base)
        day = np.maximum(day, 0.3 * base / np.asarray(pace.days, np.float32))
    return Prior(np.maximum(slot, np.float32(1e-9)), chance, np.maximum(day, np.float32(1e-9)))
