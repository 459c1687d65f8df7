import numpy as np
import pytest

from detectors.grading import CUTS, grades_of
from detectors.table import Context
from detectors.threshold import Threshold

CONTEXT = Context(step_s=300, week_s=0)
NATS = CUTS["value"]
ABOVE = {"IV": 3, "III": 5, "II": 8, "I": 20}


def judge(table, values, exposure=None):
    values = np.asarray(values, float)
    rows = table.add(len(values))
    context = Context(300, 0, None if exposure is None else np.asarray(exposure, float))
    return table.score(rows, values, context)


def grades(nats):
    return grades_of(nats, np.repeat(np.array(NATS)[:, None], len(nats), axis=1)).tolist()


def test_the_bound_of_a_grade_is_the_cut_of_that_grade():
    judged = judge(Threshold("value", NATS, above=ABOVE), [3, 5, 8, 20])
    assert judged.up.tolist() == list(NATS)
    assert judged.down.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        pytest.param(-1e9, 0, id="far on the expected side"),
        pytest.param(2.999, 0, id="just before the mildest bound"),
        pytest.param(3, 1, id="at IV"),
        pytest.param(np.nextafter(5, 0), 1, id="just before III"),
        pytest.param(7.99, 2, id="just before II"),
        pytest.param(1e300, 4, id="beyond all"),
    ],
)
def test_values_above_get_the_grade_of_the_last_bound_passed(value, grade):
    assert grades(judge(Threshold("value", NATS, above=ABOVE), [value]).up) == [grade]


def test_values_below_are_judged_mirrored():
    judged = judge(Threshold("value", NATS, below={"IV": 0.9, "I": -1}), [1, 0.9, 0.0, -1])
    assert grades(judged.down) == [0, 1, 1, 4]
    assert judged.lower.tolist() == [0.9] * 4
    assert np.isnan(judged.upper).all()


def test_grades_left_out_are_never_given():
    values = np.linspace(3, 20, 500)
    given = set(grades(judge(Threshold("value", NATS, above={"IV": 3, "I": 20}), values).up))
    assert given == {1, 4}


def test_nats_rise_with_the_value():
    nats = judge(Threshold("value", NATS, above=ABOVE), np.linspace(0, 30, 301)).up
    assert (np.diff(nats) >= 0).all()


def test_a_ratio_is_compared_per_trial_and_says_nothing_without_trials():
    table = Threshold("ratio", NATS, below={"II": 0.5})
    assert grades(judge(table, [40, 60, 0], exposure=[100, 100, 0]).down) == [3, 0, 0]


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        pytest.param({}, "give bounds", id="no bounds"),
        pytest.param({"above": {"V": 1}}, "unknown grade 'V'", id="unknown grade"),
        pytest.param({"above": {"IV": 5, "III": 3}}, "rise from IV to I", id="not rising"),
        pytest.param({"below": {"IV": 3, "III": 5}}, "fall from IV to I", id="not falling"),
        pytest.param({"above": {"IV": float("nan")}}, "finite", id="not a number"),
    ],
)
def test_wrong_bounds_are_refused_with_the_reason(bounds, message):
    with pytest.raises(ValueError, match=message):
        Threshold("value", NATS, **bounds)
