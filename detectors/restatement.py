"""Restatement: a closed window whose value changed is judged again by the prediction kept for it.

Learning is not rewound, so the detector itself cannot be asked again. What is kept is its band: the band's
edge is where a single value becomes worth grade IV, and evidence grows with the square of the distance.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.bank import Bank, Verdict
from detectors.grading import Grades, evidence, grades_of, worth_telling
from detectors.lifecycle import OPENED, RESTATED
from detectors.table import Floats, Judgement

SCORE_MAX = 40.0


def restate(
    bank: Bank, kept: Verdict, at: NDArray[np.int64], values: Floats, volume: Floats, *, latest: bool
) -> Verdict:
    """Return the new verdict of entries `at` of a kept window; `values` in the unit shown.

    Its changes are opened, restated or nothing. A restated entry with grade 0 is withdrawn: the episode it
    opened never was.

    latest: the window is the last one closed, so a value that turns out strange may still open an alert.
    """
    rows = kept.rows[at]
    old = Judgement(*(column[at] for column in kept.judgement))
    rules = bank.asked(rows)
    again = bank.table.judge_again(old, values)
    score, side = _rescore(values, kept, at, old, rules.cuts[0]) if again is None else evidence(again, rules)
    watched = np.where(side > 0, rules.up, rules.down)
    telling = worth_telling(values, old, np.fmax(volume, kept.volume[at]), rules) & watched
    raw = np.where(telling, np.minimum(grades_of(score, rules.cuts), rules.grade_max), 0).astype(np.int8)
    change, grade = _change(bank, rows, kept, raw, side, latest=latest)
    return Verdict(kept.window, rows, values, volume, old, score, side, raw, grade, change)


def _rescore(
    values: Floats, kept: Verdict, at: NDArray[np.int64], old: Judgement, cut: Floats
) -> tuple[Floats, Grades]:
    deviation, before = values - old.expected, kept.values[at] - old.expected
    side = np.where(deviation >= 0, 1, -1).astype(np.int8)
    half = np.where(side > 0, old.upper - old.expected, old.expected - old.lower)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_band = cut * (deviation / np.maximum(half, 1e-9)) ** 2
        by_score = kept.score[at] * (deviation / before) ** 2
    unknown = np.isnan(half)  # without a band the old evidence stands
    same = (np.sign(deviation) == np.sign(before)) & (kept.raw[at] > 0)
    score = np.minimum(np.where(same, by_score, by_band), SCORE_MAX)
    score = np.where(unknown | np.isnan(kept.score[at]), kept.score[at], score)
    return score, np.where(unknown, kept.side[at], side)


def _change(
    bank: Bank, rows: NDArray[np.int64], kept: Verdict, raw: Grades, side: Grades, *, latest: bool
) -> tuple[NDArray[np.int8], Grades]:
    cells, end = bank.life, kept.window.end_ms
    open_now = (cells["grade"][rows] > 0) & (cells["opened_end"][rows] <= end)
    opening = (cells["grade"][rows] == 0) & (raw > 0) & latest
    withdrawn = open_now & (raw == 0) & (cells["opened_end"][rows] == end)
    bank.life.withdraw(rows[withdrawn])
    bank.life.open_late(rows[opening], raw[opening], side[opening], kept.window)
    bank.cried(rows[opening])
    worse = open_now & (raw > cells["grade"][rows]) & latest
    cells["grade"][rows[worse]] = raw[worse]
    cells["sequence"][rows[open_now]] += 1
    change = np.where(opening, OPENED, np.where(open_now, RESTATED, 0)).astype(np.int8)
    return change, cells["grade"][rows].copy()
