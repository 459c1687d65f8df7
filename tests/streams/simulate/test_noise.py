"""Noise: the shares asked for, one flaw a record, within its bounds."""

import numpy as np
import pytest

from streams.simulate.noise import BROKEN, DAMAGES, DUPLICATE, FINE, LATE, damaged, travel, travel_max_ms
from streams.simulate.shop import Noise

SIZE = 200_000
TIMES = np.arange(SIZE) + 1_700_000_000_000
VALUE = b'{"event_id":"c-1","event_time":1700000000000,"type":"click"}'


@pytest.mark.parametrize(
    ("noise", "flaw", "share"),
    [
        pytest.param(Noise(late=0.02), LATE, 0.02, id="late"),
        pytest.param(Noise(duplicates=0.03), DUPLICATE, 0.03, id="duplicates"),
        pytest.param(Noise(broken=0.01), BROKEN, 0.01, id="broken"),
        pytest.param(Noise(late=0.0, duplicates=0.0, broken=0.0), FINE, 1.0, id="none"),
        pytest.param(Noise(late=1.0, duplicates=0.0, broken=0.0), LATE, 1.0, id="all late"),
    ],
)
def test_shares_are_as_asked(noise, flaw, share):
    arrivals = travel(noise, TIMES, np.random.default_rng(1))
    four_sigma = 4 * (SIZE * share * (1 - share)) ** 0.5
    assert abs(np.count_nonzero(arrivals.flaw == flaw) - SIZE * share) <= four_sigma


def test_late_means_minutes_and_the_rest_comes_within_seconds():
    noise = Noise(late=0.05, duplicates=0.0, broken=0.0)
    arrivals = travel(noise, TIMES, np.random.default_rng(1))
    delay_ms = arrivals.arrival_ms - TIMES[arrivals.row]
    assert delay_ms[arrivals.flaw == LATE].min() >= 120_000
    assert delay_ms[arrivals.flaw == FINE].max() <= 20_000
    assert delay_ms.min() >= 0
    assert delay_ms.max() <= travel_max_ms(noise)


def test_a_duplicate_comes_again_within_the_horizon_of_duplicates():
    arrivals = travel(Noise(late=0.0, duplicates=0.1, broken=0.0), TIMES, np.random.default_rng(1))
    again = arrivals.flaw == DUPLICATE
    first_ms = arrivals.arrival_ms[: len(TIMES)][arrivals.row[again]]
    gap_ms = arrivals.arrival_ms[again] - first_ms
    assert gap_ms.min() > 0
    assert gap_ms.max() <= 60_001


@pytest.mark.parametrize(
    ("damage", "value"),
    [
        pytest.param(0, VALUE[: len(VALUE) // 2], id="cut"),
        pytest.param(1, b'{"event_id":"c-1","event_time":true,"type":"click"}', id="wrong type"),
        pytest.param(2, b'{"event_time":1700000000000,"type":"click"}', id="missing key"),
        pytest.param(3, b'{"event_id":"c-1","event_time":1e400,"type":"click"}', id="bad number"),
    ],
)
def test_each_damage_breaks_a_record_its_own_way(damage, value):
    assert damaged(VALUE, damage) == value
    assert len(DAMAGES) == 4


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        pytest.param({"late": -0.1}, "late records is -0.1", id="negative"),
        pytest.param({"duplicates": 1.1}, "duplicates records is 1.1", id="over one"),
        pytest.param({"broken": float("nan")}, "broken records is nan", id="not a number"),
        pytest.param({"late": 0.6, "broken": 0.6}, "over 1 together", id="over one together"),
    ],
)
def test_shares_out_of_bounds_are_refused(shares, message):
    with pytest.raises(ValueError, match=message):
        Noise(**shares)
