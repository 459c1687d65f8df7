"""Distance: how far a vector of residuals lies from the usual ones, given how its parts move together."""

import math

import numpy as np

from detectors.columns import Column
from detectors.table import Floats

SMOOTH = 0.25  # weight of the newest residual in the smoothed ones
CLIP = 6.0  # standard deviations a single residual may count
SQUARE_CLIP = 9.0  # what one product of residuals may teach the covariance
RIDGE = 0.02  # variance of a direction is never taken smaller
SETTLE = 50  # vectors that the first, wide covariance is worth


def columns(parts: int) -> dict[str, Column]:
    """Return the columns of a vector of so many parts: smoothed residuals, covariance, vectors seen."""
    return {
        "smoothed": Column("f8", (parts,)),
        "covariance": Column("f8", (parts, parts)),
        "vectors": Column("f8"),
    }


def smoothed(before: Floats, z: Floats, smooth: float = SMOOTH) -> Floats:
    """Return the smoothed residuals with these in them; all (part, row)."""
    moved: Floats = before + smooth * (np.clip(z, -CLIP, CLIP) - before)
    return moved


def weights_of(y: Floats, covariance: Floats) -> Floats:
    """Return C^-1 y, (part, row); covariance (part, part, row)."""
    sigma = np.moveaxis(covariance, -1, 0) + RIDGE * np.eye(len(y))
    return np.asarray(np.linalg.solve(sigma, y.T[..., None])[..., 0].T, np.float64)


def square_of(y: Floats, covariance: Floats) -> Floats:
    """Return the square of Mahalanobis' distance, y' C^-1 y, one per row."""
    return np.asarray(np.maximum((y * weights_of(y, covariance)).sum(axis=0), 0), np.float64)


def learned(covariance: Floats, y: Floats, vectors: Floats, memory: float) -> Floats:
    """Return the covariance with y taken as experience, forgetting over `memory` vectors."""
    rate = np.maximum(1 / memory, 1 / (vectors + SETTLE))
    product = np.clip(y[:, None] * y[None], -SQUARE_CLIP, SQUARE_CLIP)
    moved: Floats = covariance + rate * (product - covariance)
    return moved


def nats_of(square: Floats, parts: int) -> Floats:
    """Return -ln P(chi-square of `parts` degrees > square), by the recurrence of the gamma function."""
    half = np.minimum(square / 2, 1e6)
    order = 1.0 if parts % 2 == 0 else 0.5
    rest = np.ones_like(half) if parts % 2 == 0 else _scaled_erfc(half)  # of P times e^half
    ln_half = np.log(np.maximum(half, 1e-300))
    total = np.log(rest)
    while order < parts / 2:
        total = np.logaddexp(total, order * ln_half - math.lgamma(order + 1))
        order += 1
    nats: Floats = np.maximum(half - total, 0)
    return nats


def _scaled_erfc(half: Floats) -> Floats:
    """Return e^h erfc(sqrt h); from 25 on by its expansion, exact to 1e-4."""
    near = np.minimum(half, 25.0)
    exact = np.array([math.exp(h) * math.erfc(math.sqrt(h)) for h in near.tolist()])
    far = (1 - 0.5 / np.maximum(half, 1)) / np.sqrt(math.pi * np.maximum(half, 1))
    scaled: Floats = np.where(half < 25, exact, far)
    return scaled
