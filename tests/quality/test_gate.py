import numpy as np
import pytest

from tests.quality.figures import Row, broken
from tests.quality.gate import (
    Case,
    alarms_per_1000_days,
    gain,
    outcome_at,
    outcome_at_false_rate,
    segments_of,
    threshold_at,
)


def case(score, *incidents, doubt=()):
    doubtful = np.zeros(len(score), bool)
    for start, end in doubt:
        doubtful[start:end] = True
    return Case(np.asarray(score, float), list(incidents), doubtful, ["fault"] * len(incidents))


def quiet(points, **spikes):
    """Return 1 everywhere but at the points named like p20=9."""
    score = np.ones(points)
    for name, height in spikes.items():
        score[int(name[1:])] = height
    return score


def test_an_incident_is_found_if_an_alarm_starts_in_it():
    found = outcome_at([case(quiet(100, p50=9), (48, 60))], 5)
    assert (found.started, found.hit, found.delay, found.false_per_1000) == (1, 1, 2, 0)


def test_an_alarm_that_was_on_before_does_not_find_an_incident():
    score = quiet(100)
    score[40:55] = 9
    found = outcome_at([case(score, (48, 60))], 5)
    assert (found.started, found.hit) == (0, 1)
    assert found.time_on == pytest.approx(8 / (100 - 12 - 5))


@pytest.mark.parametrize(("point", "finds"), [(64, True), (65, False)])
def test_an_alarm_a_little_after_the_end_still_counts(point, finds):
    assert outcome_at([case(quiet(100, **{f"p{point}": 9}), (50, 60))], 5).started == finds


def test_an_alarm_that_comes_back_soon_is_the_same_one():
    soon, later = quiet(100, p20=9, p32=9), quiet(100, p20=9, p33=9)
    assert [alarms_per_1000_days([case(s)], 5, 100) for s in (soon, later)] == [1000, 2000]


def test_what_is_in_doubt_or_not_judged_is_neither_normal_nor_a_false_alarm():
    score = quiet(100, p20=9)
    score[:10] = np.nan
    found = outcome_at([case(score, doubt=[(15, 25)])], 5)
    assert (found.false_per_1000, found.time_on) == (0, 0)


def test_an_incident_that_was_not_judged_is_not_asked_for():
    score = quiet(100, p70=9)
    score[:30] = np.nan
    found = outcome_at([case(score, (10, 20), (68, 75))], 5)
    assert found.tally.tolist() == [[1, 1]]


def test_the_threshold_is_the_lowest_that_keeps_the_rate_of_false_alarms():
    rng = np.random.default_rng(1)
    cases = [case(rng.exponential(size=5000)) for _ in range(4)]
    threshold = threshold_at(cases, 1.0)
    assert outcome_at(cases, threshold).false_per_1000 <= 1
    assert outcome_at(cases, threshold - 0.2).false_per_1000 > 1


def test_scores_that_are_tied_at_the_top_give_no_alarm():
    rng = np.random.default_rng(2)
    tied = case((rng.random(3000) < 0.02).astype(float), (100, 200))
    assert outcome_at_false_rate([tied], 0.5).started == 0


def test_the_gain_over_an_equal_is_nothing_and_over_a_worse_one_is_certain():
    good = [case(quiet(100, p50=9), (48, 60)) for _ in range(30)]
    bad = [case(quiet(100), (48, 60)) for _ in range(30)]
    ours, theirs = outcome_at(good, 5), outcome_at(bad, 5)
    assert gain(ours, ours) == (0, 0)
    assert gain(ours, theirs) == (1, 1)


def test_segments_are_the_runs_of_a_label():
    assert segments_of(np.array([1, 0, 0, 1, 1, 0, 1])) == [(0, 1), (3, 5), (6, 7)]


@pytest.mark.parametrize(
    ("value", "at_least", "falls"),
    [(0.8, True, False), (0.79, True, True), (0.8, False, False), (0.81, False, True), (np.nan, True, True)],
)
def test_a_figure_worse_than_its_floor_is_told(value, at_least, falls):
    rows = [Row("a", "recall", value, at_least=at_least)]
    assert broken(rows, {"a: recall": 0.8}) == (["a: recall"] if falls else [])


def test_a_floor_without_a_figure_is_told():
    assert broken([], {"a: recall": 0.8}) == ["a: recall"]
