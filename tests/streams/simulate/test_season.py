"""The season: hours and weekdays of the shop's zone, mean one over a week."""

import numpy as np
import pytest

from streams.simulate.season import DAY_MS, HOUR_MS, MINUTE_MS, Season
from streams.simulate.shop import Shop

MONDAY_MS = 1_772_409_600_000  # 2026-03-02 00:00 UTC


def test_the_mean_over_a_week_is_one():
    minutes = np.arange(MONDAY_MS, MONDAY_MS + 7 * DAY_MS, MINUTE_MS)
    assert Season(Shop(), 1).shape(minutes).mean() == pytest.approx(1.0, abs=1e-3)


def test_the_shape_repeats_every_week():
    minutes = np.arange(MONDAY_MS, MONDAY_MS + 7 * DAY_MS, 7 * MINUTE_MS)
    season = Season(Shop(), 1)
    assert season.shape(minutes) == pytest.approx(season.shape(minutes + 7 * DAY_MS))


@pytest.mark.parametrize(
    ("timezone", "peak_utc_h"),
    [pytest.param("UTC", 21, id="utc"), pytest.param("Asia/Shanghai", 13, id="shanghai")],
)
def test_the_evening_is_the_shops_own(timezone, peak_utc_h):
    season = Season(Shop(timezone=timezone, spread=(0.0, 0.0, 0.0)), 1)
    wednesday = MONDAY_MS + 2 * DAY_MS
    hours = [
        season.rates(wednesday + hour * HOUR_MS, wednesday + hour * HOUR_MS + 300_000)[0]
        for hour in range(24)
    ]
    assert int(np.argmax(hours)) == peak_utc_h


def test_clocks_that_change_move_the_evening():
    season = Season(Shop(timezone="Europe/London", spread=(0.0, 0.0, 0.0)), 1)
    winter, summer = MONDAY_MS + 14 * DAY_MS, MONDAY_MS + 28 * DAY_MS  # clocks change on 29 March
    at_nine = [season.rates(day + 21 * HOUR_MS, day + 21 * HOUR_MS + 300_000)[0] for day in (winter, summer)]
    assert at_nine[0] != pytest.approx(at_nine[1])
    an_hour_earlier = season.rates(summer + 20 * HOUR_MS, summer + 20 * HOUR_MS + 300_000)[0]
    assert at_nine[0] == pytest.approx(an_hour_earlier)


def test_gusts_make_rates_vary_around_the_shape():
    calm, windy = Season(Shop(spread=(0.0, 0.0, 0.0)), 1), Season(Shop(spread=(0.04, 0.05, 0.03)), 1)
    starts = range(MONDAY_MS, MONDAY_MS + 7 * DAY_MS, 600_000)
    ratio = np.array([windy.rates(t, t + 300_000)[0] / calm.rates(t, t + 300_000)[0] for t in starts])
    assert ratio.mean() == pytest.approx(1.0, abs=0.05)
    assert 0.03 < ratio.std() < 0.12
