import numpy as np
import pytest

from detectors.grading import CUTS
from detectors.jump import Jump
from detectors.table import Context

IV, _, _, I = CUTS["value"]  # noqa: E741 (the grade's name)


def run(kind, values, exposure=None):
    """Score, then learn, a series in one row; return (up, down) per observation."""
    table = Jump(kind)
    rows, nats = table.add(1), []
    for i, value in enumerate(values):
        context = Context(60, 0, None if exposure is None else np.array([float(exposure[i])]))
        judged = table.score(rows, np.array([float(value)]), context)
        table.learn(rows, np.array([float(value)]), context)
        nats.append((judged.up[0], judged.down[0]))
    return np.array(nats)


@pytest.mark.parametrize("norm", [0.01, 9.99, 1e6, -5.0])
@pytest.mark.parametrize("times", [10, 0.1])
def test_ten_times_up_or_down_after_five_equal_prices_is_certain(norm, times):
    assert run("value", [norm] * 5 + [norm * times])[-1].max() >= I


@pytest.mark.parametrize("times", [1.2, 1 / 1.2])
@pytest.mark.parametrize("calm", [5, 1000], ids=["new sku", "old sku"])
def test_a_fifth_more_is_a_price_change(calm, times):
    assert run("value", [10] * calm + [10 * times])[-1].max() < IV


def test_the_side_is_that_of_the_move():
    up, down = run("value", [10] * 5 + [100])[-1]
    assert (up > 0, down) == (True, 0)
    up, down = run("value", [10] * 5 + [1])[-1]
    assert (up, down > 0) == (0, True)


@pytest.mark.parametrize("calm", [6, 500])
def test_a_lasting_price_is_the_norm_after_five_observations(calm):
    nats = run("value", [10] * calm + [100] * 8)[calm:].max(axis=1)
    assert (nats[:2] >= I).all()
    assert (nats[5:] < 1).all()


@pytest.mark.parametrize(
    ("before", "value", "certain"),
    [
        pytest.param(10, 0, True, id="down to zero"),
        pytest.param(0, 10, True, id="up from zero"),
        pytest.param(0, 0, False, id="zero stays zero"),
        pytest.param(10, -10, True, id="negative turnover"),
        pytest.param(1e-3, 1e290, True, id="absurdly large"),
    ],
)
def test_zero_and_negative_values_are_values(before, value, certain):
    nats = run("value", [before] * 6 + [value])[-1]
    assert np.isfinite(nats).all()
    assert (nats.max() >= I) == certain


def test_the_noise_of_counting_is_no_surge():
    counts = np.random.default_rng(3).poisson([0.05, 0.5, 2, 20, 200], (3000, 5)).astype(float)
    table = Jump("count")
    rows, most = table.add(5), 0.0
    for values in counts:
        most = max(most, np.nan_to_num(table.score(rows, values, Context(60, 0)).score).max())
        table.learn(rows, values, Context(60, 0))
    assert 0 < most < CUTS["count"][0]


def test_few_trials_make_no_jump_of_a_ratio_and_many_do():
    few = run("ratio", [2] * 10 + [0], exposure=[4] * 11)
    many = run("ratio", [2000] * 10 + [100], exposure=[4000] * 11)
    assert few[-1].max() < CUTS["ratio"][0] < many[-1].max()


def test_a_ratio_without_trials_says_and_teaches_nothing():
    table = Jump("ratio")
    rows = table.add(1)
    none = Context(60, 0, np.zeros(1))
    before = table.dump(rows)
    table.learn(rows, np.zeros(1), none)
    assert table.dump(rows) == before


def test_a_restless_value_needs_a_larger_move():
    values = np.exp(np.random.default_rng(4).normal(0, 1, 1500))
    assert np.nanmax(run("value", values)) < IV


def test_the_band_is_in_the_unit_of_the_value():
    table = Jump("value")
    rows = table.add(1)
    for _ in range(6):
        table.learn(rows, np.array([20.0]), Context(60, 0))
    judged = table.score(rows, np.array([20.0]), Context(60, 0))
    assert judged.expected == pytest.approx(20)
    assert judged.lower == pytest.approx(20 * np.exp(-4 * 0.14))
    assert judged.upper == pytest.approx(20 * np.exp(4 * 0.14))
