"""A sample: one series with the truth about it, and how a judge of samples becomes cases of the gate."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors.seasonal import Seasonal
from detectors.table import Context, Kind, Table
from tests.quality.gate import Case

THURSDAY_S = 3 * 86_400  # 1970-01-01 was a Thursday, weeks begin on Mondays
WEEK_S = 604_800


class Truth(NamedTuple):
    """What only the maker of a series knows: the mean of each point, and the noise beyond counting.

    slope   variance over mean squared (counts); 1 / (alpha + beta) of the beta distribution (ratios)
    """

    mean: np.ndarray
    slope: float


class Sample(NamedTuple):
    """One series.

    group      the class it is counted in: "mean 20", "kpi-05"
    values     per point, NaN = missing; successes of a ratio
    exposure   trials of a ratio, uplift of a count; None = 1
    spans      incidents as [start, end), `kinds` their names
    doubt      points that are neither normal nor incidents to find (bool)
    burn_in    points that are learned from and not judged
    start_s    epoch seconds of the first point
    """

    kind: Kind
    group: str
    values: np.ndarray
    exposure: np.ndarray | None
    spans: list[tuple[int, int]]
    kinds: list[str]
    doubt: np.ndarray
    burn_in: int
    start_s: int
    step_s: float
    truth: Truth | None = None

    @property
    def per_exposure(self) -> np.ndarray:
        """Values over exposure, NaN where there is none."""
        if self.exposure is None:
            return self.values
        told = np.where(self.exposure > 0, self.exposure, np.nan)
        return self.values / told


Judge = Callable[[list[Sample]], list[np.ndarray]]  # a score per point of each sample


def cases_of(samples: list[Sample], judge: Judge) -> list[Case]:
    """Let a judge score the samples, each point before it is learned; leave out what is burn-in."""
    cases = []
    for sample, score in zip(samples, judge(samples), strict=True):
        score[: sample.burn_in] = np.nan
        cases.append(Case(score, sample.spans, sample.doubt, sample.kinds))
    return cases


def of_groups(samples: list[Sample], cases: list[Case], groups: set[str]) -> list[Case]:
    """Return the cases of some groups."""
    return [case for sample, case in zip(samples, cases, strict=True) if sample.group in groups]


def seasonal(samples: list[Sample]) -> list[np.ndarray]:
    """Judge by the default detector: a table for each kind and step."""
    return judged_by(Seasonal, samples)


def judged_by(build: Callable[[Kind], Table], samples: list[Sample]) -> list[np.ndarray]:
    """Judge by a table for each kind and step."""
    scores: list[np.ndarray] = [np.empty(0)] * len(samples)
    for kind, step_s in sorted({(sample.kind, sample.step_s) for sample in samples}):
        places = [i for i, sample in enumerate(samples) if (sample.kind, sample.step_s) == (kind, step_s)]
        some = [samples[i] for i in places]
        for i, score in zip(places, _scores(build(kind), some, step_s), strict=True):
            scores[i] = score[: len(samples[i].values)]
    return scores


def _scores(table: Table, samples: list[Sample], step_s: float) -> np.ndarray:
    """Score series side by side, each on its own clock."""
    rows = table.add(len(samples))
    values = _side_by_side([sample.values for sample in samples])
    exposures = None
    if any(sample.exposure is not None for sample in samples):
        plain = [np.ones(len(s.values)) if s.exposure is None else s.exposure for s in samples]
        exposures = _side_by_side(plain)
    weeks_s = (np.array([sample.start_s for sample in samples]) + THURSDAY_S) % WEEK_S
    one_clock, out = bool((weeks_s == weeks_s[0]).all()), np.full(values.shape, np.nan)
    for i, column in enumerate(values):
        here = np.flatnonzero(~np.isnan(column))
        if not len(here):
            continue
        clock = (weeks_s + i * step_s) % WEEK_S
        exposure = None if exposures is None else exposures[i, here]
        context = Context(step_s, float(clock[0]) if one_clock else clock[here], exposure)
        out[i, here] = table.score(rows[here], column[here], context).score
        table.learn(rows[here], column[here], context)
    return out.T.copy()


def _side_by_side(columns: list[np.ndarray]) -> np.ndarray:
    """Return (point, series), NaN after the end of a series."""
    out = np.full((max(map(len, columns)), len(columns)), np.nan)
    for at, column in enumerate(columns):
        out[: len(column), at] = column
    return out
