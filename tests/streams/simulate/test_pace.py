"""The pace: an accelerated clock that is never ahead of ours and meets it at the end."""

import pytest

from streams.simulate.pace import Pace

NOW_MS = 1_772_409_600_000.0
SPAN_MS = 3_600_000


@pytest.mark.parametrize("speed", [1.0, 60.0, 3600.0])
def test_the_last_record_is_due_when_the_span_has_passed_and_the_first_at_once(speed):
    finish_ms = NOW_MS + SPAN_MS / speed
    end_ms = int(finish_ms)
    pace = Pace.build(end_ms - SPAN_MS, end_ms, NOW_MS, speed)
    assert pace.wait_s(end_ms - SPAN_MS, NOW_MS) == 0
    assert pace.wait_s(end_ms, NOW_MS) == pytest.approx(SPAN_MS / speed / 1000)


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_no_record_is_due_before_it_happens(speed):
    end_ms = int(NOW_MS + SPAN_MS / speed)
    pace = Pace.build(end_ms - SPAN_MS, end_ms, NOW_MS, speed)
    for arrival_ms in range(end_ms - SPAN_MS, end_ms, 60_000):
        due_ms = NOW_MS + pace.wait_s(arrival_ms, NOW_MS) * 1000
        assert due_ms >= arrival_ms - 1  # a ms for the rounding of the end
