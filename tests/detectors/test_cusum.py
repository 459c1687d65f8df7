from math import lgamma

import numpy as np
import pytest

from detectors.cells import Cells
from detectors.seasonal import Seasonal, cusum
from detectors.seasonal.cusum import FACTORS
from detectors.seasonal.window import Window
from detectors.table import Context

KNOWN = 1e9  # a level of so many events is not in doubt


def row(unit, slope, kind="ratio"):
    table = Seasonal(kind)
    cells = Cells(table._cells, table.add(1))
    cells["unit"], cells["slope"] = unit, slope
    return cells


def sums(cells, x, mean, usual=KNOWN):
    one = np.ones(1, np.float32)
    window = Window.of(x * one, one, 1000 * one, Context(300.0, 0.0))
    return cusum.sums_of(cells, window, mean * one, usual * one).sums[:, 0]


def gains(cells, x, mean, usual=KNOWN):
    """Return what x adds to each sum, at most; from sums that are far from 0 and from their cap."""
    cells["cusum"] = cells["cusum_peak"] = 10
    return sums(cells, x, mean, usual) - 10


def binomial(x, trials, share):
    return x * np.log(share) + (trials - x) * np.log(1 - share)


def negative_binomial(x, mean, slope):
    size = 1 / slope
    ways = lgamma(x + size) - lgamma(size) - lgamma(x + 1)
    return ways + x * np.log(mean / (mean + size)) - size * np.log(1 + mean / size)


@pytest.mark.parametrize("x", [0, 1, 2, 4])
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_successes_out_of_few_trials_are_judged_by_the_binomial(share, x):
    shares = FACTORS * share
    expected = binomial(x, 5, shares) - binomial(x, 5, share)
    found = gains(row(1 - share, 1e-4), x, 5 * share)
    near = np.abs(expected) < 3.5  # beyond, they are clipped, or the sum is taken for recovered
    assert found[near] == pytest.approx(expected[near], abs=0.01)


@pytest.mark.parametrize(
    ("x", "mean", "slope"), [(0, 2, 0.01), (5, 2, 0.01), (18, 20, 0.005), (24, 20, 0.01)]
)
def test_counts_are_judged_by_the_negative_binomial(x, mean, slope):
    expected = negative_binomial(x, FACTORS * mean, slope) - negative_binomial(x, mean, slope)
    found = gains(row(1, slope, "count"), x, mean)
    near = np.abs(expected) < 3.5
    assert found[near] == pytest.approx(expected[near], abs=0.02)


def test_a_share_that_can_hardly_rise_still_gives_finite_evidence():
    found = gains(row(0.5, 1e-4), 9, 4.9)
    assert np.isfinite(found).all()
    assert found[FACTORS < 1].max() < 0 < found[FACTORS > 1].min()


def test_a_sum_ends_once_four_nats_speak_for_normality():
    cells = row(1, 1e-4, "count")
    cells["cusum"], cells["cusum_peak"] = 12, 15
    down = np.isclose(FACTORS, 0.7)
    assert sums(cells, 16, 20)[down] > 11
    assert sums(cells, 20, 20)[down] == 0


def test_a_mean_that_few_events_tell_is_worth_less_the_longer_a_sum_takes():
    cells = row(1, 1e-4, "count")
    left = gains(cells, 1, 2, usual=2) / gains(cells, 1, 2)
    assert np.isclose(gains(cells, 20, 20, usual=200), gains(cells, 20, 20), rtol=0.02).all()
    slow, quick = left[np.isclose(FACTORS, 0.7)], left[np.isclose(FACTORS, 0.4)]
    assert 0.8 < slow < quick < 1
