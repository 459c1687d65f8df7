"""Gate e, joint: faults over eight made-up counts of a shop that move together."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors.joint import Joint
from detectors.seasonal import Seasonal
from detectors.table import Context
from tests.quality.baseline import BASELINES
from tests.quality.figures import Result, Rival, Row
from tests.quality.gate import Case, Outcome, gain, outcome_at, threshold_at
from tests.quality.made_up import BURN_IN_DAYS, DAY, MONDAY_S, shop_shape, wander
from tests.quality.normal import CLEAN_FACTOR, rates_of, rows_of
from tests.quality.sample import Sample

TUNING, TEST = (101, 102), (201, 202)
SHOPS, PARTS, DAYS = 8, 8, 42
RATES = (0.5, 0.1)  # false alarms per 1000 normal points
RECALL = {0.5: 0.79, 0.1: 0.72}
COMMON, OWN = 0.03, 0.015  # wandering of all parts together, and of each by itself
TOGETHER = "joint"
COMPARED = ("null", "random", "3-sigma", "River GaussianScorer")  # on each part; the strangest part counts
MEANS = (20.0, 30.0, 50.0, 80.0, 120.0, 200.0, 300.0, 500.0)

Factors = Callable[[np.random.Generator], np.ndarray]


def _some(n: int, factor: float) -> Factors:
    def factors(rng: np.random.Generator) -> np.ndarray:
        hit = np.ones(PARTS)
        hit[rng.permutation(PARTS)[:n]] = factor
        return hit

    return factors


def _apart(rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.permutation(PARTS) < PARTS // 2, 1.12, 0.88)


FAULTS: dict[str, Factors] = {
    "all -12 %": _some(PARTS, 0.88),
    "4 of 8 -20 %": _some(4, 0.8),
    "one -40 %": _some(1, 0.6),
    "4 of 8 -15 %": _some(4, 0.85),
    "+12/-12 %": _apart,
}


class Truth(NamedTuple):
    """Where the faults of a shop lie, and which they are."""

    spans: list[tuple[int, int]]
    kinds: list[str]


def shops(seed: int, *, faults: bool = True) -> tuple[np.ndarray, list[Truth]]:
    """Return counts (part, shop, point) and what is wrong in each shop."""
    counts, truths = np.zeros((PARTS, SHOPS, DAYS * DAY)), []
    for shop in range(SHOPS):
        rng = np.random.default_rng([seed, shop])
        shape = shop_shape(DAYS * DAY, rng)
        together = wander(COMMON, DAYS * DAY, rng)
        own = np.stack([wander(OWN, DAYS * DAY, rng) for _ in range(PARTS)])
        expected = np.array(MEANS)[:, None] * shape * np.exp(together + own)
        truth = _hurt(expected, rng) if faults else Truth([], [])
        counts[:, shop] = rng.poisson(expected)
        truths.append(truth)
    return counts, truths


def _hurt(expected: np.ndarray, rng: np.random.Generator) -> Truth:
    spans, kinds = [], []
    at = BURN_IN_DAYS * DAY + int(rng.integers(300, 700))
    while True:
        kind = str(rng.choice(list(FAULTS)))
        end = at + int(rng.integers(12, 48))
        if end + 20 >= expected.shape[1]:
            return Truth(spans, kinds)
        expected[:, at:end] *= FAULTS[kind](rng)[:, None]
        spans.append((at, end))
        kinds.append(kind)
        at = end + int(rng.integers(300, 700))


def scores_of(counts: np.ndarray) -> tuple[dict[str, np.ndarray], float]:
    """Return the scores (shop, point) of each way to judge, and seconds a shop-window of the joint one."""
    joint, alone = Joint(parts=PARTS), Seasonal("count")
    rows, each = joint.add(SHOPS), alone.add(PARTS * SHOPS)
    names = ("max over rows", "Mahalanobis alone", "half-space trees alone", TOGETHER)
    out = {name: np.full(counts.shape[1:], np.nan) for name in names}
    spent = 0.0
    for i in range(counts.shape[2]):
        context, column = Context(300.0, i * 300.0 % 604_800), counts[:, :, i]
        single = alone.score(each, column.ravel(), context).score.reshape(PARTS, SHOPS)
        alone.learn(each, column.ravel(), context)
        begun = time.perf_counter()
        said = (*joint.members(rows, column, context), joint.score(rows, column, context).score)
        joint.learn(rows, column, context)
        spent += time.perf_counter() - begun
        for name, score in zip(names, (single.max(axis=0), *said), strict=True):
            out[name][:, i] = score
    return out, spent / counts.shape[2] / SHOPS


def _strangest_part(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return the scores of baselines, (shop, point): the greatest over the parts."""
    quiet = np.zeros(counts.shape[2], bool)
    samples = [
        Sample("count", "part", x, None, [], [], quiet, 0, MONDAY_S, 300.0)
        for x in counts.reshape(-1, counts.shape[2])
    ]
    shape = counts.shape
    return {name: np.stack(BASELINES[name](samples)).reshape(shape).max(axis=0) for name in COMPARED}


def cases_of(seeds: tuple[int, ...], *, faults: bool = True) -> tuple[dict[str, list[Case]], float]:
    """Return the cases of each way to judge after the burn-in, and the cost of the joint one."""
    cases: dict[str, list[Case]] = {}
    cost = 0.0
    for seed in seeds:
        counts, truths = shops(seed, faults=faults)
        scores, cost = scores_of(counts)
        quiet = np.zeros(counts.shape[2], bool)
        for name, shown in (scores | _strangest_part(counts)).items():
            shown[:, : BURN_IN_DAYS * DAY] = np.nan
            cases.setdefault(name, []).extend(
                Case(score, truth.spans, quiet, truth.kinds)
                for score, truth in zip(shown, truths, strict=True)
            )
    return cases, cost


def gate() -> Result:
    """Set thresholds on the tuning seeds; judge the test seeds, with faults and without."""
    tuning, _ = cases_of(TUNING)
    test, cost = cases_of(TEST)
    figures: dict[str, object] = {"us_per_window": cost * 1e6}
    rows, details, rivals = [], [], []
    for rate in RATES:
        found = {name: outcome_at(test[name], threshold_at(tuning[name], rate)) for name in test}
        own = found.pop(TOGETHER)
        rows.append(Row("e", f"joint, recall at {rate}", own.started, RECALL[rate], on=own.time_on))
        rows.append(Row("e", f"joint, FA over promise at {rate}", own.false_per_1000 / rate))
        figures |= {f"recall_{rate}": own.started, f"time_in_alarm_{rate}": own.time_on}
        details += [f"   {kind:14} at {rate}: recall {share:.3f}" for kind, share in own.by_kind.items()]
        rivals += [_rival(name, rate, own, theirs) for name, theirs in found.items()]
        figures |= {f"{name} at {rate}": theirs.started for name, theirs in found.items()}
    clean = cases_of(TEST[:1], faults=False)[0][TOGETHER]
    rates = rates_of(clean, "vector")
    figures["clean_per_1000_days"] = rates
    return Result(
        rows + rows_of("joint, no faults", rates, CLEAN_FACTOR), {"joint": figures}, details, rivals
    )


def _rival(name: str, rate: float, own: Outcome, theirs: Outcome) -> Rival:
    shares = (theirs.started, theirs.time_on, theirs.false_per_1000, own.started)
    return Rival("joint", name, f"{rate:g}", *shares, *gain(own, theirs))
