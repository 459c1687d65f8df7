"""Noise: how much a value strays from what is expected, and how much of that is wander."""

from typing import NamedTuple

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column
from detectors.seasonal.pace import Pace, rate
from detectors.table import Kind

OUTLIER = 9.0  # variances at which a squared residual is clipped
WANDER = 0.3  # rate of the average whose variance tells independent noise from wandering noise
QUIET = 0.176  # variance of that average over independent noise
MARGINS = np.array([[1.02], [1.05]], np.float32)  # of the scales
FAST = 0.3  # rate of the residual's moving average

COLUMNS = {
    "unit": Column("f4", (), 1.0),
    "slope": Column("f4", (), 5e-4),
    "moments": Column("f4", (4,)),  # of squared residuals, see _moments
    "scale": Column("f4", (2,), 1.0),  # of z, and of z less its drift
    "wander": Column("f4"),
    "wander_var": Column("f4", (), QUIET),
    "fast": Column("f4"),
    "fast_moments": Column("f4", (2,)),  # xy, xx
}


class Floors(NamedTuple):
    """Least noise by kind of series: variance over mean, squared variation, share of the usual size."""

    unit: float
    slope: float
    size: float


FLOORS: dict[Kind, Floors] = {
    "count": Floors(1.0, 5e-4, 0.0),
    "ratio": Floors(0.5, 5e-4, 0.0),
    "value": Floors(0.0, 1e-6, 0.02),
}


def variance_of(cells: Cells, mu: Column32, size: Column32, floors: Floors) -> Column32:
    """Return the variance at an expected value mu: unit * mu + slope * mu^2. `size` is the usual |x|."""
    least = floors.size * size
    spread: Column32 = cells["unit"] * mu + cells["slope"] * mu * mu
    return np.maximum(spread, np.maximum(least * least, 1e-24))


def relative_variance(cells: Cells, mu: Column32) -> Column32:
    """Return the variance of a point at mu over mu^2: how little it tells of the mean."""
    relative: Column32 = cells["unit"] / np.maximum(mu, 1e-9) + cells["slope"]
    return relative


def wandering(cells: Cells) -> Column32:
    """Return 1 for independent noise, up to about 5 where neighbours resemble each other."""
    return np.maximum(1, cells["wander_var"] * np.float32((2 - WANDER) / WANDER))


def drift_of(cells: Cells, exposure: Column32) -> Column32:
    """Return the part of the next residual that the last ones foretell."""
    xy, xx = cells["fast_moments"]
    rho = (xy / np.maximum(xx, 1e-20)).clip(0, 1)
    drift: Column32 = rho * cells["fast"] * exposure
    return drift


def learn_variance(cells: Cells, weight: Column32, mu: Column32, square: Column32, floors: Floors) -> None:
    """Fit variance = unit * mu + slope * mu^2 to the squared residuals, which the caller has clipped."""
    old = cells["moments"]
    if (fresh := old[2] == 0).any():
        before = cells["unit"] * mu + cells["slope"] * mu * mu
        old = np.where(fresh, _moments(before, mu), old)
    cells["moments"] = moments = old + weight * (_moments(square, mu) - old)
    unit, slope = _line(moments)
    low = unit < floors.unit
    _, var, mean, mean_square = moments
    rest = np.maximum((var - floors.unit * mean) / np.maximum(mean_square, 1e-30), 0)
    cells["unit"] = np.where(low, floors.unit, unit)
    cells["slope"] = np.maximum(np.where(low, rest, slope), floors.slope)


def _moments(square: Column32, mu: Column32) -> Column32:
    """Return what is averaged of a squared residual: itself over mu, itself, mu, mu^2; (4, row)."""
    return np.array([square / mu, square, mu, mu * mu])


def _line(moments: Column32) -> tuple[Column32, Column32]:
    """Return unit and slope of ratio = unit + slope * mu; no slope where mu hardly varies."""
    ratio, var, mean, square = moments
    spread = square - mean * mean
    told = spread > 0.01 * mean * mean
    slope = np.maximum(var - mean * ratio, 0) / np.where(told, spread, np.inf)
    return ratio - slope * mean, slope


def learn_scale(cells: Cells, weight: Column32, z: Column32) -> None:
    """Keep the variances of z and of z less its drift, (2, row), a little on the large side."""
    old = cells["scale"]
    cells["scale"] = old + weight * (MARGINS * np.minimum(z * z, OUTLIER * old) - old)


def learn_wander(cells: Cells, weight: Column32, z: Column32) -> None:
    """Keep the variance of the moving average of z."""
    wander = cells["wander"] + WANDER * (z.clip(-4, 4) - cells["wander"])
    old = cells["wander_var"]
    cells["wander"] = wander
    cells["wander_var"] = old + weight * (np.minimum(wander * wander, OUTLIER * old) - old)


def learn_drift(cells: Cells, weight: Column32, clipped: Column32, mu: Column32, exposure: Column32) -> None:
    """Keep the regression of a residual, clipped, on the moving average before it, both relative to mu."""
    fast = cells["fast"]
    relative = (np.array([clipped, fast * exposure]) / mu).clip(-1e6, 1e6)
    old = cells["fast_moments"]
    cells["fast_moments"] = old + weight * (relative * relative[1] - old)
    cells["fast"] = fast + FAST * (clipped / exposure - fast)


def weight_of(points: Column32, pace: Pace, caution: Column32) -> Column32:
    """Return the rate of all variances: half of a young row's age, as its first errors are a poor guide."""
    return rate(pace.noise * caution, (points + pace.settle) / 2)
