import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from streams.demo.script import DAY_MS, HOUR_MS, write_script
from streams.simulate.stream import simulate

NOON_MS = 1_700_049_600_000  # 2023-11-15 12:00 UTC


@pytest.mark.parametrize("hour", range(24))
def test_the_demo_ends_in_the_afternoon_of_the_shop_whenever_it_is_run(hour: int) -> None:
    script = write_script(1, NOON_MS + hour * HOUR_MS)
    end = dt.datetime.fromtimestamp(script.end_ms / 1000, ZoneInfo(script.shop.timezone))
    assert end.hour == 17


def test_the_script_ends_in_the_last_full_minute_after_more_than_a_week() -> None:
    script = write_script(1, NOON_MS + 59_999)
    assert script.end_ms == NOON_MS
    assert script.live_ms - script.start_ms > 7 * DAY_MS
    assert script.speed * script.live_s * 1000 == script.end_ms - script.live_ms


def test_three_different_faults_lie_apart_within_the_afternoon() -> None:
    script = write_script(1, NOON_MS)
    faults = script.truth.faults
    assert len({fault.kind for fault in faults}) == 3
    edges = [script.live_ms, *(edge for fault in faults for edge in (fault.start_ms, fault.end_ms))]
    assert edges == sorted(edges)
    assert edges[-1] < script.end_ms


def test_the_shop_of_the_script_can_be_simulated_and_has_no_fault_before_the_afternoon() -> None:
    script = write_script(1, NOON_MS)
    first = next(
        simulate(script.shop, script.seed, script.start_ms, script.start_ms + HOUR_MS, script.faults)
    )
    assert script.start_ms <= first.arrival_ms < script.start_ms + HOUR_MS
    assert min(fault.start_ms for fault in script.faults) > script.live_ms
