"""What p promises: on normal series no more than its share of windows falls below it, whatever the series.

p = exp(-score). Quieter than promised is fine; louder than MOST times is not. Each series is learned for a
while and judged in what follows, which nothing was tuned on.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from detectors.grading import CUTS
from detectors.registry import DETECTORS, build
from detectors.river_model import ADAPTERS, REFUSED
from detectors.table import Context, Kind

DAY = 72  # windows of 20 minutes
SMALL_P = (1e-2, 1e-3, 1e-4)
MOST = 3.0  # times the promise
PARTS = 3  # of a vector
QUICK = {"LODA": {"n_random_cuts": 10}}  # the slowest, made small


class Case(NamedTuple):
    """A detector on series of one kind.

    sizes    mean count, mean exposure, or level of the series
    seasonal whether they have a shape of day
    """

    name: str
    kind: Kind
    sizes: tuple[float, ...]
    rows: int  # of each size
    learn: int  # windows
    judge: int
    seasonal: bool = False

    @property
    def table(self):
        spec = {"river": self.name} | QUICK.get(self.name, {}) if self.name in ADAPTERS else self.name
        return build(spec, self.kind, CUTS[self.kind], PARTS if self.kind == "vector" else 1)


COUNTS, RATIOS, VALUES = (0.2, 2.0, 20.0, 200.0, 2000.0), (5.0, 50.0, 500.0, 5000.0), (100.0,)
SIZES: dict[Kind, tuple[float, ...]] = {"count": COUNTS, "ratio": RATIOS, "value": VALUES}
CASES = [
    *(Case("seasonal", kind, SIZES[kind], 50, 14 * DAY, 10 * DAY, seasonal=True) for kind in SIZES),
    Case("seasonal", "value", VALUES, 50, 5 * DAY, 10 * DAY),
    *(Case("jump", kind, SIZES[kind], 30, 200, 1200) for kind in SIZES),
    Case("novelty", "value", VALUES, 100, 200, 1200),
    Case("joint", "vector", (50.0,), 20, 7 * DAY, 5 * DAY, seasonal=True),
    *(Case(name, "value", VALUES, 10, 400, 600) for name in ADAPTERS),
    *(Case(name, "count", COUNTS[1:4], 4, 400, 600) for name in ADAPTERS),
    *(Case(name, "ratio", RATIOS[1:3], 5, 400, 600) for name in ADAPTERS),
]
WITHOUT_CHANCE = {  # their scores are rules on what was seen, no tail of a distribution
    "threshold": "bounds that people know",
    "silence": "nats of the pauses of the past; a false one needs a whole pause, not a window",
    "stuck": "a nat a repetition beyond the longest run",
}


def drawn(case, size, rng):
    """Return normal values (window, row) and exposure, or None; those of vectors are (window, part, row)."""
    windows = case.learn + case.judge
    shape = _shape(windows, case.rows, rng) if case.seasonal else np.ones((windows, case.rows))
    if case.kind == "value":
        return size * shape * (1 + 0.05 * rng.normal(size=shape.shape)), None
    if case.kind == "ratio":
        trials = rng.poisson(size * shape)
        share = np.broadcast_to(rng.uniform(0.05, 0.5, case.rows), trials.shape)
        return rng.binomial(trials, share).astype(float), trials.astype(float)
    if case.kind == "vector":
        shape = shape[:, None] * np.ones((1, PARTS, 1))
    return rng.poisson(size * shape * rng.gamma(300, 1 / 300, shape.shape)).astype(float), None


def _shape(windows, rows, rng):
    day = np.arange(windows)[:, None] / DAY
    phase, depth = rng.uniform(0, 1, rows), rng.uniform(0.4, 0.8, rows)
    return 1 + depth * np.sin(2 * np.pi * (day + phase))


@cache
def chances(case):
    """Return p of the windows judged, (size, window, row)."""
    rng = np.random.default_rng(3)
    series = [drawn(case, size, rng) for size in case.sizes]
    values = np.concatenate([x for x, _ in series], axis=-1)
    exposure = None if case.kind != "ratio" else np.concatenate([trials for _, trials in series], axis=-1)
    table, scores = case.table, []
    rows = table.add(values.shape[-1])
    for window, column in enumerate(values):
        trials = None if exposure is None else exposure[window]
        context = Context(86_400 / DAY, window * 86_400 / DAY % 604_800, trials)
        scores.append(table.score(rows, column, context).score)
        table.learn(rows, column, context)
    return np.split(np.exp(-np.array(scores[case.learn :])), len(case.sizes), axis=1)


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.name}-{case.kind}{'-seasonal' * case.seasonal}"
)
def test_p_is_no_smaller_than_it_says(case):
    for size, p in zip(case.sizes, chances(case), strict=True):
        assert not np.isnan(p).any()
        for small in SMALL_P:
            assert np.mean(p < small) <= MOST * small, f"p < {small} at {size:g}: {np.mean(p < small):.6f}"


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.seasonal and case.name == "seasonal"], ids=lambda case: case.kind
)
def test_the_default_detector_does_not_keep_it_by_saying_nothing(case):
    assert all(np.mean(p < 0.05) >= 0.025 for p in chances(case))


def test_every_detector_keeps_its_promise_here_or_has_a_reason_why_not():
    promised = {case.name for case in CASES} | WITHOUT_CHANCE.keys()
    assert promised == DETECTORS.keys() | ADAPTERS.keys()
    assert not promised & REFUSED.keys()
