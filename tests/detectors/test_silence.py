import numpy as np
import pytest

from detectors.grading import CUTS
from detectors.silence import Silence
from detectors.table import Context

IV, III, _, _ = CUTS["count"]
STEP_S, HOUR, DAY, WEEK = 1_800, 2, 48, 336  # windows of half an hour


def run(series):
    """Score, then learn, rows of counts (window, row), from Monday 00:00; return nats, same shape."""
    series = np.asarray(series, float)
    table = Silence("count")
    rows, nats = table.add(series.shape[1]), []
    for i, values in enumerate(series):
        context = Context(STEP_S, i * STEP_S % 604_800)
        nats.append(table.score(rows, values, context).down)
        table.learn(rows, values, context)
    return np.array(nats)


def shop(per_hour, weeks, seed=0, *, closed_day=5):
    """Poisson counts of a shop open from 8 to 20, never on `closed_day`."""
    window = np.arange(weeks * WEEK)
    hour, day = window // HOUR % 24, window // DAY % 7
    rate = np.where((hour >= 8) & (hour < 20) & (day != closed_day), per_hour / HOUR, 0)
    return np.random.default_rng(seed).poisson(rate).astype(float)


@pytest.fixture(scope="module")
def learned():
    """Six weeks of three shops, then two and a half silent days; nats."""
    series = np.stack([shop(rate, 6, seed) for seed, rate in enumerate((5, 60, 1000))], axis=1)
    return run(np.concatenate([series, np.zeros((5 * DAY // 2, 3))]))


def test_nights_and_closed_days_do_not_page_once_learned(learned):
    assert learned[2 * WEEK : 6 * WEEK].max() < IV


def test_silence_in_opening_hours_pages_sooner_the_busier_the_shop(learned):
    opening = learned[6 * WEEK + 8 * HOUR :]
    quiet, medium, busy = ((opening[:, shop] >= IV).argmax() for shop in range(3))
    assert busy == 0
    assert busy < medium <= 2
    assert medium < quiet <= DAY + 2


def test_nats_grow_with_the_silence(learned):
    assert (np.diff(learned[6 * WEEK + 8 * HOUR : 6 * WEEK + 2 * DAY, 2]) >= 0).all()


def test_a_lasting_silence_is_adopted_after_two_days_of_alarm(learned):
    assert learned[6 * WEEK + 2 * DAY, 2] >= III
    assert (learned[-8:, 2] == 0).all()


def test_events_end_the_silence_and_a_value_above_zero_is_never_silent():
    series = np.concatenate([shop(60, 3), np.zeros(60), [1.0], np.zeros(1)])
    nats = run(series[:, None])[:, 0]
    assert nats[-3] >= IV
    assert nats[-2] == 0
    assert nats[-1] < IV


def test_a_bursty_stream_is_not_called_silent_for_one_more_pause():
    rng = np.random.default_rng(5)
    bursts = [
        np.concatenate([rng.poisson(8, 1 + int(rng.exponential(12))), np.zeros(int(rng.exponential(100)))])
        for _ in range(60)
    ]
    nats = run(np.concatenate(bursts)[:, None])[:, 0]
    assert np.nanmax(nats[len(nats) // 4 :]) < IV


def test_chance_alone_does_not_page():
    per_hour = np.repeat([0.3, 2.0, 20.0], 10)
    counts = np.random.default_rng(6).poisson(per_hour / HOUR, (4 * WEEK, 30))
    assert np.nanmax(run(counts)) < IV


def test_it_is_silent_until_an_event_after_a_day_and_thirty_windows_with_events():
    nats = run(shop(60, 1)[:, None])[:, 0]
    first = int(np.isfinite(nats).argmax())
    assert first > DAY + 8 * HOUR - 1
    assert np.isfinite(nats[first:]).all()


def test_a_day_s_window_uses_the_day_of_the_week():
    table = Silence("count")
    rows = table.add(1)
    nats = []
    for day in range(70):
        context = Context(86_400, day % 7 * 86_400)
        value = np.array([0.0 if day % 7 == 5 else 40.0])
        nats.append(table.score(rows, value, context).down[0])
        table.learn(rows, value, context)
    assert np.nanmax(nats[42:]) < IV
    assert table.score(rows, np.zeros(1), Context(86_400, 0)).down[0] > 8


def test_an_uplift_of_the_calendar_scales_what_is_missed():
    table = Silence("count")
    rows = table.add(1)
    for i in range(2 * WEEK):
        table.learn(rows, np.array([5.0]), Context(STEP_S, i * STEP_S % 604_800))
    plain, doubled = (
        table.score(rows, np.zeros(1), Context(STEP_S, 0, np.array([uplift]))).expected[0]
        for uplift in (1, 2)
    )
    assert plain == pytest.approx(5, rel=0.01)
    assert doubled == pytest.approx(10, rel=0.01)


def test_values_and_ratios_are_refused():
    with pytest.raises(ValueError, match="not 'value'"):
        Silence("value")


def test_what_score_found_out_changes_nothing_of_what_is_learned():
    table, alone = Silence("count"), Silence("count")
    rows = table.add(3)
    alone.add(3)
    series = np.stack([shop(rate, 1, rate) for rate in (2, 20, 200)], axis=1)
    for i, values in enumerate(series):
        context = Context(STEP_S, i * STEP_S % 604_800)
        table.score(rows, values, context)
        other = values + (i % 7 == 0)  # not what was scored
        table.learn(rows, other, context)
        alone.learn(rows, other, context)
    assert table.dump(rows) == alone.dump(rows)
