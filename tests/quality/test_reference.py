import numpy as np
import pytest

from tests.quality.gate import alarms_per_1000_days, outcome_at
from tests.quality.made_up import BURN_IN_DAYS, DAY, count, ratio
from tests.quality.reference import reference
from tests.quality.sample import cases_of

MAKERS = [(count, 20.0), (count, 2000.0), (ratio, 500)]


@pytest.mark.parametrize(("make", "size"), MAKERS)
def test_it_finds_the_incidents_of_a_series_it_knows(make, size):
    samples = [make(size, (31, i), BURN_IN_DAYS + 14) for i in range(4)]
    assert outcome_at(cases_of(samples, reference), 8.0).started >= 0.9


@pytest.mark.parametrize(("make", "size"), MAKERS)
def test_it_is_quiet_where_nothing_happens(make, size):
    samples = [make(size, (32, i), BURN_IN_DAYS + 14, incidents=False) for i in range(4)]
    assert alarms_per_1000_days(cases_of(samples, reference), 12.0, DAY) == 0


@pytest.mark.parametrize(("make", "size"), MAKERS)
def test_what_was_made_up_has_the_mean_it_says(make, size):
    sample = make(size, (33,), incidents=False)
    assert np.mean(sample.values) == pytest.approx(np.mean(sample.truth.mean), rel=0.02)
    assert not sample.spans
