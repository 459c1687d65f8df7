"""Which windows an event can still get into."""

import pytest

from streams.detect.reach import Reach
from streams.settings.model import Metric, Monitor, Settings, Time

MINUTE, HOUR = 60_000, 3_600_000
PASSED = 1_780_000_200_000  # a full five minutes
METRICS = {"orders": Metric(event="order", count=True), "clicks": Metric(event="click", count=True)}


def reach(*windows, restate_within=15 * MINUTE, **more):
    monitors = [Monitor(name=window, metric="orders", window=window, **more) for window in windows]
    time = Time(restate_within_ms=restate_within)
    return Reach(Settings(metrics=METRICS, monitors=monitors, time=time), "order")


@pytest.mark.parametrize(
    ("windows", "lengths"),
    [
        pytest.param(("1h", "5m"), [5 * MINUTE, HOUR], id="sorted"),
        pytest.param(("auto",), [5 * MINUTE, HOUR, 24 * HOUR], id="all levels of auto"),
    ],
)
def test_the_windows_are_those_of_the_monitors(windows, lengths):
    assert [one.length_ms for one in reach(*windows).windows] == lengths


def test_other_kinds_and_what_is_switched_off_do_not_count():
    monitors = [
        Monitor(name="clicks", metric="clicks", window="1h"),
        Monitor(name="off", metric="orders", window="1h", enabled=False),
    ]
    assert Reach(Settings(metrics=METRICS, monitors=monitors), "order").windows == []


@pytest.mark.parametrize(
    ("behind", "extent"),
    [
        pytest.param(-1, "all", id="ahead"),
        pytest.param(1, "all", id="in the window just closed"),
        pytest.param(15 * MINUTE, "all", id="in the oldest that is kept"),
        pytest.param(15 * MINUTE + 1, "some", id="in the one before that"),
        pytest.param(2 * HOUR, "none", id="hours ago"),
    ],
)
def test_an_event_by_how_far_behind_it_is(behind, extent):
    assert reach("5m", "1h").extent(PASSED - behind, PASSED) == extent


@pytest.mark.parametrize(
    ("restate_within", "extent"), [(4 * MINUTE, "none"), (5 * MINUTE, "all")], ids=["shorter", "as long"]
)
def test_the_time_given_for_restating_counts_from_the_end_of_the_window(restate_within, extent):
    assert reach("5m", restate_within=restate_within).extent(PASSED - 10 * MINUTE, PASSED) == extent


def test_no_more_than_three_windows_are_kept_however_short_they_are():
    assert reach("1m").extent(PASSED - 3 * MINUTE, PASSED) == "all"
    assert reach("1m").extent(PASSED - 3 * MINUTE - 1, PASSED) == "none"
