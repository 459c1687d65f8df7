import numpy as np
import pytest

from detectors.stuck import Stuck
from detectors.table import Context

CONTEXT = Context(300.0, 0.0)


def learned(values, **settings):
    table = Stuck("value", **settings)
    rows = table.add(values.shape[1])
    for column in values:
        table.learn(rows, column, CONTEXT)
    return table, rows


def held(table, rows, value, points):
    """Return the score at each point of a value that stands still."""
    scores = []
    for _ in range(points):
        scores.append(table.score(rows, value, CONTEXT).up)
        table.learn(rows, value, CONTEXT)
    return np.array(scores)


def test_a_lively_value_that_stands_still_scores_a_nat_a_point():
    table, rows = learned(np.random.default_rng(1).normal(0, 1, (400, 3)))
    scores = held(table, rows, np.full(3, 0.25), 60)
    assert (scores[:8] == 0).all()
    assert (np.diff(scores[10:25], axis=0) == 1).all()
    assert (scores[-1] == 20).all()


def test_a_value_that_often_stands_still_is_given_its_time():
    steps = np.repeat(np.random.default_rng(2).normal(0, 1, (60, 3)), 20, axis=0)
    table, rows = learned(steps)
    assert (held(table, rows, np.full(3, 0.25), 40) == 0).all()
    assert (held(table, rows, np.full(3, 0.25), 40)[-1] > 10).all()


def test_a_value_that_never_changed_is_not_stuck():
    table, rows = learned(np.full((400, 2), 3.0))
    assert (held(table, rows, np.full(2, 3.0), 100) == 0).all()


@pytest.mark.parametrize("cap", [5.0, 30.0])
def test_the_cap_is_the_greatest_score(cap):
    table, rows = learned(np.random.default_rng(3).normal(0, 1, (400, 1)), cap=cap)
    assert held(table, rows, np.full(1, 0.25), 80).max() == cap


def test_a_ratio_is_stuck_by_its_share_not_by_its_count():
    table = Stuck("ratio")
    rows, rng = table.add(2), np.random.default_rng(4)
    for _ in range(400):
        table.learn(rows, rng.normal(50, 5, 2), Context(300.0, 0.0, np.full(2, 100.0)))
    for point in range(60):
        trials = np.array([100.0 + point, 100.0])
        context = Context(300.0, 0.0, trials)
        score = table.score(rows, 0.5 * trials, context).up
        table.learn(rows, 0.5 * trials, context)
    assert (score == 20).all()
