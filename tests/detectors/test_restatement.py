import numpy as np
import pytest

from detectors.restatement import restate
from detectors.rule import Rule
from detectors.silence import Silence
from detectors.stuck import Stuck
from tests.detectors.rows import CUTS, bank_of, changes, judge, limit_bank

FIRST = np.array([0])


def again(bank, kept, values, *, at=FIRST, latest=True, volume=None):
    values = np.asarray(values, float)
    volume = values if volume is None else np.asarray(volume, float)
    return restate(bank, kept, at, values, volume, latest=latest)


@pytest.mark.parametrize(
    ("before", "after", "change", "grade"),
    [
        pytest.param(100, 100.5, "", 0, id="normal stays normal"),
        pytest.param(100, 115, "opened", 4, id="late events open"),
        pytest.param(85, 95, "restated", 0, id="a drop that was none is withdrawn"),
        pytest.param(85, 86, "restated", 3, id="a drop a little smaller"),
        pytest.param(88, 116, "restated", 4, id="from a drop to a peak"),
    ],
)
def test_a_changed_value_is_judged_by_the_band_kept_for_it(before, after, change, grade):
    bank, (rows,) = bank_of(Rule("m", CUTS))
    new = again(bank, judge(bank, rows, [before]), [after])
    assert (changes(new), new.raw.tolist()) == ([change], [grade])


def test_a_withdrawn_episode_is_over_and_the_next_one_is_another():
    bank, (rows,) = bank_of(Rule("m", CUTS))
    kept = judge(bank, rows, [85])
    new = again(bank, kept, [100])
    assert (changes(new), new.grade.tolist(), bank.life["sequence"][0]) == (["restated"], [0], 1)
    assert changes(judge(bank, rows, [85], 1)) == ["opened"]
    assert (bank.life["sequence"][0], bank.life["opened_end"][0]) == (0, 600_000)


def test_the_window_an_episode_goes_on_in_is_restated_without_ending_it():
    bank, (rows,) = bank_of(Rule("m", CUTS))
    judge(bank, rows, [85])
    new = again(bank, judge(bank, rows, [85], 1), [100])
    assert (changes(new), new.raw.tolist(), new.grade.tolist()) == (["restated"], [0], [3])


def test_an_older_window_opens_nothing_any_more():
    bank, (rows,) = bank_of(Rule("m", CUTS))
    kept = judge(bank, rows, [100])
    judge(bank, rows, [100], 1)
    new = again(bank, kept, [130], latest=False)
    assert (changes(new), new.grade.tolist()) == ([""], [0])


def test_what_becomes_worse_in_the_last_window_raises_the_grade():
    bank, (rows,) = bank_of(Rule("m", CUTS))
    new = again(bank, judge(bank, rows, [112]), [130])
    assert (changes(new), new.grade.tolist(), bank.life["grade"][0]) == (["restated"], [4], 4)


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        pytest.param({"direction": "down"}, 140, id="direction"),
        pytest.param({"relative_min": 0.5}, 140, id="relative change"),
        pytest.param({"volume_min": 1000}, 140, id="volume"),
        pytest.param({"grade_max": 2}, 140, id="greatest grade"),
    ],
)
def test_the_rule_of_the_monitor_holds_for_late_events_too(rule, after):
    bank, (rows,) = bank_of(Rule("m", CUTS, **rule))
    new = again(bank, judge(bank, rows, [100]), [after])
    assert new.raw.tolist() == [rule.get("grade_max", 0)]


def test_only_the_entries_asked_are_touched():
    bank, (rows,) = bank_of(Rule("m", CUTS), rows=3)
    kept = judge(bank, rows, [85, 85, 85])
    new = again(bank, kept, [100], at=np.array([1]))
    assert new.rows.tolist() == [1]
    assert bank.life["grade"].tolist()[:3] == [3, 0, 3]
    kept.take_over(np.array([1]), new)
    assert (kept.values.tolist(), kept.raw.tolist()) == ([85, 100, 85], [3, 0, 3])


@pytest.mark.parametrize(
    ("before", "after", "change", "grade"),
    [
        pytest.param(12, 13, "restated", 1, id="still above the bound"),
        pytest.param(12, 35, "restated", 3, id="far above it now"),
        pytest.param(12, 9, "restated", 0, id="corrected to below it"),
        pytest.param(9, 21, "opened", 2, id="above it after all"),
    ],
)
def test_bounds_are_asked_again(before, after, change, grade):
    bank, (rows,) = limit_bank(Rule("m", CUTS))
    new = again(bank, judge(bank, rows, [before]), [after])
    assert (changes(new), new.grade.tolist()) == ([change], [grade])


def test_a_window_that_got_events_after_all_was_not_silent():
    bank, (rows,) = bank_of(Rule("m", CUTS), table=Silence("count"))
    for number in range(400):
        judge(bank, rows, [20], number)
    kept, number = judge(bank, rows, [0], 400), 401
    while not kept.raw[0]:
        kept, number = judge(bank, rows, [0], number), number + 1
    new = again(bank, kept, [1])
    assert (changes(new), new.grade.tolist(), new.score.tolist()) == (["restated"], [0], [0])


def test_another_value_was_not_stuck():
    bank, (rows,) = bank_of(Rule("m", (1, 2, 3, 4)), table=Stuck("value"))
    for number in range(300):
        judge(bank, rows, [number * 7 % 31], number)
    kept, number = judge(bank, rows, [5], 300), 301
    while not kept.raw[0]:
        kept, number = judge(bank, rows, [5], number), number + 1
    assert again(bank, kept, [6]).raw.tolist() == [0]


def test_what_is_still_warming_up_stays_silent():
    bank, (rows,) = bank_of(Rule("m", CUTS), table=Silence("count"))
    new = again(bank, judge(bank, rows, [0]), [5])
    assert np.isnan(new.score).all()
    assert changes(new) == [""]
