"""How good the joint detector is: faults over eight made-up counts of a shop that move together.

Run `python -m tests.quality.joint [tuning|test]`. Thresholds are those of the tuning seeds.
"""

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors.joint import Joint
from detectors.seasonal import Seasonal
from detectors.table import Context
from tests.quality.figures import record
from tests.quality.gate import Case, Outcome, line, outcome_at, outcome_at_false_rate
from tests.quality.kpi import shop_shape

TUNING, TEST = (101, 102), (201, 202)
SHOPS, PARTS, DAYS, DAY, BURN_IN_DAYS = 8, 8, 42, 288, 14
RATES = (0.5, 0.1)  # false alarms per 1000 normal points
WANDER, COMMON, OWN = 0.9, 0.03, 0.015  # of the noise: memory, size of what all parts share, of their own
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
        together = wander(COMMON, rng)
        own = np.stack([wander(OWN, rng) for _ in range(PARTS)])
        expected = np.array(MEANS)[:, None] * shape * np.exp(together + own)
        truth = _hurt(expected, rng) if faults else Truth([], [])
        counts[:, shop] = rng.poisson(expected)
        truths.append(truth)
    return counts, truths


def wander(size: float, rng: np.random.Generator) -> np.ndarray:
    """Return autoregressive noise of this standard deviation."""
    steps = rng.normal(0, size * np.sqrt(1 - WANDER**2), DAYS * DAY)
    out = np.zeros_like(steps)
    for i, step in enumerate(steps[1:], 1):
        out[i] = WANDER * out[i - 1] + step
    return out


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
    names = ("max over rows", "Mahalanobis alone", "half-space trees alone", "together")
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


def cases_of(seeds: tuple[int, ...], *, faults: bool = True) -> tuple[dict[str, list[Case]], float]:
    """Return the cases of each way to judge after the burn-in, and the cost of the joint one."""
    cases: dict[str, list[Case]] = {}
    cost = 0.0
    for seed in seeds:
        counts, truths = shops(seed, faults=faults)
        scores, cost = scores_of(counts)
        quiet = np.zeros(counts.shape[2], bool)
        for name, shown in scores.items():
            shown[:, : BURN_IN_DAYS * DAY] = np.nan
            cases.setdefault(name, []).extend(
                Case(score, truth.spans, quiet, truth.kinds)
                for score, truth in zip(shown, truths, strict=True)
            )
    return cases, cost


def figures_of(outcome: Outcome) -> dict[str, object]:
    """Return what is written of an outcome."""
    return {
        "recall": round(outcome.started, 3),
        "false_per_1000": round(outcome.false_per_1000, 3),
        "time_in_alarm": round(outcome.time_on, 5),
        "delay": outcome.delay,
        "by_kind": {kind: round(share, 2) for kind, share in outcome.by_kind.items()},
    }


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("half", nargs="?", choices=["tuning", "test"], default="test")
    half = parser.parse_args().half
    tuning, cost = cases_of(TUNING)
    test = tuning if half == "tuning" else cases_of(TEST)[0]
    figures: dict[str, object] = {"us_per_window": round(cost * 1e6)}
    print(f"{sum(len(c.incidents) for c in test['together'])} faults; {cost * 1e6:.0f} us a shop and window")
    for rate in RATES:
        for name, cases in test.items():
            threshold = outcome_at_false_rate(tuning[name], rate).threshold
            outcome = outcome_at(cases, threshold)
            print(line(f"{name} at {rate}", outcome))
            print("   ", "  ".join(f"{kind} {share:.2f}" for kind, share in outcome.by_kind.items()))
            if name == "together":
                figures[f"recall_{rate}"] = round(outcome.started, 3)
            figures[f"{name} at {rate}"] = figures_of(outcome)
    clean = cases_of(TEST, faults=False)[0]["together"] if half == "test" else []
    for cut in (6.0, 7.5, 9.4, 11.0, 12.7) if clean else ():
        said = [np.nan_to_num(case.score[BURN_IN_DAYS * DAY :]) for case in clean]
        starts = sum(int(((s[1:] > cut) & (s[:-1] <= cut)).sum()) for s in said)
        figures[f"clean_per_1000_days_at_{cut}"] = round(1000 * starts * DAY / sum(map(len, said)), 1)
        print(
            f"without faults, from {cut} nats: {figures[f'clean_per_1000_days_at_{cut}']} per 1000 shop-days"
        )
    if half == "test":
        record("joint", figures)


if __name__ == "__main__":
    main()
