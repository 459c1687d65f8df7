"""A short form of the gates a, b and c, at fixed thresholds: guards against regression, proves no figure.

Floors and ceilings are what the detector had when they were written down, less a tolerance.
"""

import pytest

from tests.quality.gate import outcome_at
from tests.quality.made_up import BURN_IN_DAYS, count, ratio
from tests.quality.recording import FOLDER, counts, minutes, read, start_of
from tests.quality.sample import cases_of, of_groups, seasonal

NATS, STRICT = 6.4, 9.4  # of counts and ratios: to be noted, grade IV
REAL_NATS = 7.1  # of counts on real noise, where the tuning files have about 0.3 false alarms
VALUE_NATS = 7.1
DAYS = BURN_IN_DAYS + 8
recordings = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no recordings beside the project ({FOLDER.name}/)"
)


@pytest.fixture(scope="module")
def made_up():
    samples = [count(mean, (41, i), DAYS) for mean in (2.0, 20.0, 200.0) for i in range(12)]
    samples += [ratio(exposure, (41, i), DAYS) for exposure in (50, 500) for i in range(10)]
    return samples, cases_of(samples, seasonal)


@pytest.mark.parametrize(
    ("group", "at_least", "strictly", "false_most"),
    [
        ("mean 2", 0.65, 0.3, 1.6),
        ("mean 20", 0.88, 0.8, 0.9),
        ("mean 200", 0.95, 0.92, 0.3),
        ("exposure 50", 0.8, 0.7, 1.3),
        ("exposure 500", 0.95, 0.95, 0.4),
    ],
)
def test_made_up_incidents_are_found(made_up, group, at_least, strictly, false_most):
    cases = of_groups(*made_up, {group})
    found, strict = outcome_at(cases, NATS), outcome_at(cases, STRICT)
    assert found.started >= at_least
    assert strict.started >= strictly
    assert found.false_per_1000 <= false_most


@recordings
def test_incidents_on_real_noise_are_found_and_real_noise_alone_is_no_incident():
    files = [start_of(read(name), BURN_IN_DAYS + 12) for name in ("22", "36", "55")]
    samples = [counts(file, seed) for seed in (51, 52, None) for file in files]
    cases = cases_of(samples, seasonal)
    hurt, bare = cases[:6], cases[6:]
    found = outcome_at(hurt, REAL_NATS)
    assert found.started >= 0.78
    assert found.time_on <= 0.009
    assert outcome_at(hurt, STRICT).started >= 0.42
    assert outcome_at(bare, REAL_NATS).false_per_1000 <= 0.8


@recordings
def test_labelled_segments_of_real_values_are_found():
    samples = [minutes(start_of(read(name), 10)) for name in ("22", "36", "50", "55")]
    found = outcome_at(cases_of(samples, seasonal), VALUE_NATS)
    assert found.started >= 0.75
    assert found.false_per_1000 <= 0.1
