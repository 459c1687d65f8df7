"""Grading: from evidence in nats to the four grades, with the filters a monitor asks for."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.table import Floats, Judgement, Kind

Grades = NDArray[np.int8]
Direction = Literal["up", "down", "both"]

# Nats at which grades IV, III, II and I begin. On clean series about 10 / 3 / 1 / 0.2 alarms per 1000
# series-days; values have heavier tails and no cumulative evidence, hence the other scale.
CUTS: dict[Kind, tuple[float, float, float, float]] = {
    "count": (9.4, 11.0, 12.7, 15.5),
    "ratio": (9.4, 11.0, 12.7, 15.5),
    "value": (8.6, 10.2, 12.0, 14.5),
    "vector": (9.4, 11.0, 12.7, 15.5),
}
OFTEN = 7.0  # cries of a series within some two weeks that are nothing special
DEARER = 1.5  # nats by which the cuts rise, per factor e of cries beyond
MARGIN = 1.0  # nats a score must fall below the cut of its grade before the grade is given up


class Rules(NamedTuple):
    """What each row's monitor asks for; arrays with one entry per row, cuts (4, row)."""

    cuts: Floats
    up: NDArray[np.bool_]
    down: NDArray[np.bool_]
    relative_min: Floats
    absolute_min: Floats
    volume_min: Floats
    grade_max: Grades


def evidence(judgement: Judgement, rules: Rules) -> tuple[Floats, Grades]:
    """Return the score of the watched direction (NaN = warming up) and its side: 1 up, -1 down."""
    up = np.where(rules.up, judgement.up, 0.0)
    down = np.where(rules.down, judgement.down, 0.0)
    return np.maximum(up, down), np.where(up >= down, 1, -1).astype(np.int8)


def grades_of(score: Floats, cuts: Floats) -> Grades:
    """Return 0..4 for each score; NaN gives 0. Shapes (n,) and (4, n)."""
    with np.errstate(invalid="ignore"):
        grades: Grades = (score >= cuts).sum(axis=0).astype(np.int8)
    return grades


def dearer(cries: NDArray[np.float32]) -> Floats:
    """Return the nats that rows must show beyond their cuts: a series that cries often must show more."""
    return np.asarray(DEARER * np.log(np.maximum(cries / OFTEN, 1.0)), np.float64)


def worth_telling(values: Floats, judgement: Judgement, volume: Floats, rules: Rules) -> NDArray[np.bool_]:
    """Whether a deviation is big enough for a person, however sure it is.

    values and judgement in the unit shown (a ratio as a ratio); volume: the events behind an observation,
    seen or expected. A row without an expectation passes the filters of change.
    """
    expected = judgement.expected
    known = np.isfinite(expected)
    change = np.abs(np.where(known, values - expected, np.inf))
    enough = (change >= rules.absolute_min) & (
        change >= rules.relative_min * np.abs(np.where(known, expected, 0))
    )
    return enough & (volume >= rules.volume_min)
