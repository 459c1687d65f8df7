import numpy as np
import pytest

from detectors.grading import CUTS, Rules, dearer, evidence, grades_of, worth_telling
from detectors.table import Judgement


def rules(n=1, *, up=True, down=True, relative=0.0, absolute=0.0, volume=0.0):
    full = np.full
    return Rules(
        np.repeat(np.array(CUTS["count"])[:, None], n, axis=1),
        full(n, up),
        full(n, down),
        full(n, relative),
        full(n, absolute),
        full(n, volume),
        full(n, 4, np.int8),
    )


def judgement(up=0.0, down=0.0, expected=100.0):
    one = [np.array([x], float) for x in (up, down, expected, 80, 120)]
    return Judgement(*one)


@pytest.mark.parametrize(
    ("nats", "grade"), [(9.3, 0), (9.4, 1), (11, 2), (12.7, 3), (15.5, 4), (40, 4), (np.nan, 0), (0, 0)]
)
def test_nats_become_grades(nats, grade):
    assert grades_of(np.array([nats]), rules().cuts)[0] == grade


@pytest.mark.parametrize(
    ("up", "down", "watched", "score", "side"),
    [
        pytest.param(12, 3, {}, 12, 1, id="the stronger side speaks"),
        pytest.param(12, 3, {"up": False}, 3, -1, id="a side not watched is not heard"),
        pytest.param(3, 12, {"down": False}, 3, 1, id="nor the other"),
        pytest.param(np.nan, np.nan, {}, np.nan, -1, id="warming up stays unknown"),
    ],
)
def test_evidence_is_of_the_watched_direction(up, down, watched, score, side):
    got, got_side = evidence(judgement(up, down), rules(**watched))
    assert np.array_equal(got, [score], equal_nan=True)
    assert got_side[0] == side or np.isnan(score)


@pytest.mark.parametrize(
    ("value", "asked", "told"),
    [
        pytest.param(70, {"relative": 0.2}, True, id="30 % is more than 20 %"),
        pytest.param(90, {"relative": 0.2}, False, id="10 % is not"),
        pytest.param(95, {"absolute": 10}, False, id="5 pieces are fewer than 10"),
        pytest.param(70, {"volume": 200}, False, id="too little happens there"),
    ],
)
def test_small_deviations_are_not_told_however_sure(value, asked, told):
    volume = np.array([100.0])
    assert worth_telling(np.array([float(value)]), judgement(), volume, rules(**asked))[0] == told


def test_without_an_expectation_the_filters_of_change_let_pass():
    unknown = judgement(expected=np.nan)
    assert worth_telling(np.array([1.0]), unknown, np.array([1.0]), rules(relative=5, absolute=50))[0]


@pytest.mark.parametrize(("cries", "nats"), [(0, 0), (7, 0), (14, 1.5 * np.log(2)), (70, 1.5 * np.log(10))])
def test_a_series_that_cries_often_must_show_more(cries, nats):
    assert dearer(np.array([cries], np.float32)) == pytest.approx([nats])
