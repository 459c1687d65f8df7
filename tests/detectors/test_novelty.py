import numpy as np
import pytest

from detectors.novelty import HORIZON, Novelty
from detectors.table import Context

CONTEXT = Context(300.0, 0.0)


def learned(values):
    table = Novelty()
    rows = table.add(values.shape[1])
    for column in values:
        table.learn(rows, column, CONTEXT)
    return table, rows


@pytest.fixture(scope="module")
def levels():
    """Return values of two habits: around 10 and around 90."""
    rng = np.random.default_rng(1)
    return np.where(rng.random((3000, 5)) < 0.5, 10, 90) + rng.normal(0, 0.5, (3000, 5))


@pytest.mark.parametrize(
    ("value", "up", "down"),
    [
        pytest.param(10, False, False, id="a known value"),
        pytest.param(90.2, False, False, id="the other known value"),
        pytest.param(140, True, False, id="above all known ones"),
        pytest.param(-50, False, True, id="below all known ones"),
        pytest.param(50, True, True, id="a gap inside the range has no side"),
    ],
)
def test_a_value_is_new_by_its_distance_to_all_known_ones(levels, value, up, down):
    table, rows = learned(levels)
    judgement = table.score(rows, np.full(5, float(value)), CONTEXT)
    assert (judgement.up > 8).tolist() == [up] * 5
    assert (judgement.down > 8).tolist() == [down] * 5


def test_a_value_seen_is_no_longer_new(levels):
    table, rows = learned(levels)
    new = np.full(5, 140.0)
    table.learn(rows, new, CONTEXT)
    assert (table.score(rows, new, CONTEXT).score < 1).all()


def test_what_nobody_visits_is_forgotten_and_new_again(levels):
    table, rows = learned(levels)
    table.learn(rows, np.full(5, 500.0), CONTEXT)
    assert (table.score(rows, np.full(5, 500.0), CONTEXT).upper > 499).all()
    rng = np.random.default_rng(2)
    for _ in range(HORIZON + 200):
        table.learn(rows, 10 + rng.normal(0, 0.5, 5), CONTEXT)
    after = table.score(rows, np.full(5, 500.0), CONTEXT)
    assert (after.score > 8).all()
    assert (after.upper < 100).all()


def test_few_values_are_no_ground_for_great_surprise():
    rng = np.random.default_rng(3)
    young, old = (_outdone(rng.normal(0, 1, (n, 40))) for n in (60, 3000))
    assert (young < 8.6).all()  # grade IV
    assert np.median(old) > 8.6


def _outdone(values):
    """Return the nats of a fifth of the range above all values known."""
    table, rows = learned(values)
    high = table["known_high"].astype(float)
    return table.score(rows, high + 0.2 * (high - table["known_low"]), CONTEXT).score


def test_a_first_change_of_a_constant_is_as_new_as_can_be():
    table, rows = learned(np.full((200, 2), 7.0))
    assert (table.score(rows, np.full(2, 7.0), CONTEXT).score == 0).all()
    assert (table.score(rows, np.full(2, 7.1), CONTEXT).score > 8).all()


def test_nothing_is_remembered_twice(levels):
    table, _ = learned(levels)
    known = table["known"]
    assert np.isfinite(known).sum(axis=0).max() <= 64
    for row in known.T:
        assert (np.diff(np.sort(row[np.isfinite(row)])) > 0).all()
