import datetime as dt
from itertools import pairwise

import pytest

from streams.detect.window import DAY_MS, HOUR_MS, MINUTE_MS, Windows
from streams.detect.zone import Zone

BERLIN, KATHMANDU = Zone("Europe/Berlin"), Zone("Asia/Kathmandu")


def at(text):
    return int(dt.datetime.fromisoformat(text).timestamp() * 1000)


def hours(zone, length, start, n):
    windows = Windows(length, length, zone)
    starts = [windows.bucket_of(at(start))]
    for _ in range(n):
        starts.append(windows.next_bucket(starts[-1]))
    return starts, [(b - a) / HOUR_MS for a, b in pairwise(starts)]


@pytest.mark.parametrize(
    ("length", "start", "expected"),
    [
        pytest.param(DAY_MS, "2026-03-28T12:00+01:00", [24, 23, 24], id="the day clocks go forward has 23 h"),
        pytest.param(DAY_MS, "2026-10-24T12:00+02:00", [24, 25, 24], id="the day they go back has 25 h"),
        pytest.param(6 * HOUR_MS, "2026-10-25T00:00+02:00", [7, 6, 6], id="so does its night shift"),
        pytest.param(HOUR_MS, "2026-10-25T00:00+02:00", [1, 1, 1, 1], id="an hour is an hour"),
    ],
)
def test_windows_follow_the_clocks_of_the_shop(length, start, expected):
    assert hours(BERLIN, length, start, len(expected))[1] == expected


@pytest.mark.parametrize("length", [5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS])
@pytest.mark.parametrize("day", ["2026-03-28T20:00+00:00", "2026-10-24T20:00+00:00"])
def test_every_pane_belongs_to_exactly_one_bucket_and_buckets_follow_each_other(length, day):
    starts, _ = hours(BERLIN, length, day, 12)
    windows = Windows(length, length, BERLIN)
    seen = dict.fromkeys(windows.bucket_of(pane) for pane in range(starts[0], starts[-1], MINUTE_MS))
    assert list(seen) == starts[:-1]


def test_hours_start_where_the_shop_s_clock_shows_them():
    windows = Windows(HOUR_MS, HOUR_MS, KATHMANDU)  # UTC+5:45
    assert windows.bucket_of(at("2026-01-01T10:20+05:45")) == at("2026-01-01T10:00+05:45")


def test_a_hopping_window_spans_the_buckets_before_it():
    windows = Windows(15 * MINUTE_MS, 5 * MINUTE_MS, BERLIN)
    window = windows.window_ending_with(at("2026-01-01T10:10+01:00"))
    assert window == (at("2026-01-01T10:00+01:00"), at("2026-01-01T10:15+01:00"))


def test_the_week_starts_on_monday_at_local_midnight():
    assert BERLIN.week_s(at("2026-11-23T00:00+01:00")) == 0
    assert BERLIN.week_s(at("2026-11-29T23:59+01:00")) == 7 * 86_400 - 60
