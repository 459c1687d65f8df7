"""Made-up series of a shop: counts, ratios and values with a shape of day and week, trend and noise."""

import numpy as np

from tests.quality.incident import RATIO_KINDS, inject
from tests.quality.sample import Sample, Truth

DAY = 288  # points of 5 minutes
MONDAY_S = 4 * 86_400  # the first one of the epoch
BURN_IN_DAYS = 14
MEANS = (0.2, 2.0, 20.0, 200.0, 2000.0)  # of counts, a point
EXPOSURES = (5, 50, 500, 5000)  # mean trials of ratios, a point
GAP = (400, 900)  # points between incidents


def count(mean: float, seed: tuple[int, ...], days: int = 42, *, incidents: bool = True) -> Sample:
    """Return negative-binomial counts around this mean."""
    rng = np.random.default_rng([*seed, round(10 * mean)])
    expected = mean * shop_shape(days * DAY, rng) * _trend(days, rng)
    slope = rng.uniform(0.001, 0.006)
    drawn = negative_binomial(expected, slope, rng)
    quiet = np.zeros(len(drawn), bool)
    found = inject(drawn, BURN_IN_DAYS * DAY, GAP, quiet, rng) if incidents else (drawn, [], [])
    truth = Truth(expected, slope)
    return Sample("count", f"mean {mean:g}", found[0], None, *found[1:], quiet, *_place(), truth)


def ratio(exposure: int, seed: tuple[int, ...], days: int = 42, *, incidents: bool = True) -> Sample:
    """Return beta-binomial successes in so many trials; trials that triple or fall to 40 % are normal."""
    rng = np.random.default_rng([*seed, exposure])
    day = np.arange(days * DAY) / DAY
    trials = rng.poisson(exposure * shop_shape(days * DAY, rng) * _traffic(days * DAY, rng)).astype(float)
    share = rng.uniform(0.05, 0.5) * (1 + 0.1 * np.sin(2 * np.pi * (day + rng.uniform())))
    slope = 1 / rng.uniform(500, 3000)
    drawn = rng.binomial(trials.astype(int), rng.beta(share / slope, (1 - share) / slope)).astype(float)
    quiet = np.zeros(len(drawn), bool)
    first = BURN_IN_DAYS * DAY
    found = inject(drawn, first, GAP, quiet, rng, known=RATIO_KINDS) if incidents else (drawn, [], [])
    truth = Truth(trials * share, slope)
    return Sample("ratio", f"exposure {exposure}", found[0], trials, *found[1:], quiet, *_place(), truth)


def value(seed: tuple[int, ...], days: int = 42) -> Sample:
    """Return a size with a shape, wandering by 2 % and with noise of 3 %, without incidents."""
    rng = np.random.default_rng(seed)
    shape = 100 * shop_shape(days * DAY, rng) * _trend(days, rng)
    x = shape * np.exp(wander(0.02, days * DAY, rng)) * (1 + 0.03 * rng.normal(size=days * DAY))
    return Sample("value", "value", x, None, [], [], np.zeros(len(x), bool), *_place())


def shop_shape(points: int, rng: np.random.Generator) -> np.ndarray:
    """Return a daily and weekly shape around 1; the last two days of seven are another sort."""
    day = np.arange(points) / DAY
    phase, depth = rng.uniform(0, 1), rng.uniform(0.4, 0.85)
    daily = 1 + depth * np.sin(2 * np.pi * (day + phase)) + 0.2 * np.sin(4 * np.pi * (day + 2 * phase))
    weekday = rng.normal(1, 0.08, 7)
    weekday[5:] *= rng.uniform(0.6, 1.3)
    return np.maximum(daily, 0.05) * weekday[np.floor(day).astype(int) % 7]


def negative_binomial(mean: np.ndarray, slope: float, rng: np.random.Generator) -> np.ndarray:
    """Draw counts of variance mean + slope * mean^2."""
    return rng.poisson(mean * rng.gamma(1 / slope, slope, len(mean))).astype(float)


def wander(size: float, points: int, rng: np.random.Generator, memory: float = 0.9) -> np.ndarray:
    """Return autoregressive noise of this standard deviation."""
    steps = rng.normal(0, size * np.sqrt(1 - memory**2), points)
    out = np.zeros_like(steps)
    for i, step in enumerate(steps[1:], 1):
        out[i] = memory * out[i - 1] + step
    return out


def _trend(days: int, rng: np.random.Generator) -> np.ndarray:
    """Return a growth or decline of up to 20 % over the whole."""
    return np.exp(rng.uniform(-0.2, 0.2) * np.linspace(0, 1, days * DAY))


def _traffic(points: int, rng: np.random.Generator) -> np.ndarray:
    """Return the moves of visits that are no incident of a ratio."""
    moves, at = np.ones(points), int(rng.integers(*GAP))
    while at < points:
        end = at + int(rng.integers(6, 36))
        moves[at:end] = rng.choice([3.0, 0.4])
        at = end + int(rng.integers(*GAP))
    return moves


def _place() -> tuple[int, int, float]:
    """Return burn-in, start and step."""
    return BURN_IN_DAYS * DAY, MONDAY_S, 300.0
