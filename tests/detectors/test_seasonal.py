import numpy as np
import pytest

from detectors.seasonal import Seasonal
from detectors.table import Context

DAY_S, WEEK_S = 86_400, 604_800
IV = 9.4


def clock(step_s, point, start_s=0):
    return Context(float(step_s), float((start_s + point * step_s) % WEEK_S))


def run(table, rows, values, step_s, start=0, *, exposure=None):
    """Score, then learn, each column of (point, row); return up and down."""
    up, down = [], []
    for point, column in enumerate(values, start):
        context = clock(step_s, point)
        if exposure is not None:
            context = Context(context.step_s, context.week_s, exposure[point - start])
        judgement = table.score(rows, column, context)
        table.learn(rows, column, context)
        up.append(judgement.up)
        down.append(judgement.down)
    return np.array(up), np.array(down)


def retailer(step_s, days, mean_per_day, rows, seed=1):
    """Return orders of a shop open from 8 to 20, never on Saturdays, weakly on Sundays."""
    rng, points = np.random.default_rng(seed), days * DAY_S // step_s
    at_s = np.arange(points)[:, None] * step_s + np.arange(max(1, step_s // 3600)) * 3600
    hour, day = at_s % DAY_S / 3600, at_s // DAY_S % 7
    open_ = np.where((hour >= 8) & (hour < 20), np.sin(np.pi * (hour - 8) / 12), 0)
    share = (open_ * np.select([day == 5, day == 6], [0, 0.6], 1)).mean(axis=1) * step_s / DAY_S * 24 / 7.6
    rate = mean_per_day * share[:, None] * rng.gamma(50, 1 / 50, (points, rows))
    return rng.poisson(rate).astype(float)


def by_day(scores, step_s):
    """Greatest score per (day, row)."""
    per_day = DAY_S // step_s
    return np.nan_to_num(scores).reshape(-1, per_day, scores.shape[-1]).max(axis=1)


STEP_S = 900
DAY = DAY_S // STEP_S


@pytest.fixture(scope="module")
def learned():
    """Learn 15 days of counts of 15 minutes with a daily shape."""
    rng = np.random.default_rng(3)
    shape = 100 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(15 * DAY) / DAY))
    values = rng.poisson(shape[:, None], (15 * DAY, 8)).astype(float)
    table = Seasonal("count")
    rows = table.add(8)
    run(table, rows, values, STEP_S)
    return table.dump(rows), values


def restored(learned):
    table = Seasonal("count")
    return table, table.load(learned[0])


@pytest.mark.parametrize(
    ("factor", "side", "within"),
    [
        pytest.param(0, "down", 3, id="an outage"),
        pytest.param(0.5, "down", 6, id="half the orders"),
        pytest.param(2, "up", 4, id="twice the orders"),
        pytest.param(5, "up", 1, id="a flood"),
    ],
)
def test_an_incident_is_told_on_its_side_only(learned, factor, side, within):
    table, rows = restored(learned)
    start = len(learned[1])
    values = np.floor(learned[1][:within] * factor)
    up, down = run(table, rows, values, STEP_S, start)
    told, other = (up, down) if side == "up" else (down, up)
    assert (told.max(axis=0) > IV).all()
    assert (other.max(axis=0) < IV).all()


def test_normal_windows_stay_below_the_grades(learned):
    table, rows = restored(learned)
    shape = 100 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(DAY) / DAY))
    values = np.random.default_rng(9).poisson(shape[:, None], (DAY, 8)).astype(float)
    up, down = run(table, rows, values, STEP_S, len(learned[1]))
    assert np.maximum(up, down).max() < IV


def test_the_expected_value_follows_the_hour_and_lies_inside_its_band(learned):
    table, rows = restored(learned)
    for point, mean in ((24, 160), (72, 40)):
        judgement = table.score(rows, np.full(8, float(mean)), clock(STEP_S, len(learned[1]) + point))
        assert judgement.expected == pytest.approx(mean, rel=0.12)
        assert (judgement.lower < 0.8 * mean).all()
        assert (judgement.upper > 1.2 * mean).all()
        assert (judgement.lower >= 0).all()


@pytest.mark.parametrize("step_s", [3600, DAY_S], ids=["hours", "days"])
@pytest.mark.parametrize("mean_per_day", [60, 600, 6000])
def test_a_shop_closed_on_saturdays_and_at_night_is_normal_from_the_third_week(step_s, mean_per_day):
    values = retailer(step_s, 28, mean_per_day, 10)
    table = Seasonal("count")
    up, down = run(table, table.add(10), values, step_s)
    daily = by_day(np.maximum(up, down), step_s)[14:]
    assert (daily > IV).mean() < 0.01


def test_an_open_day_without_orders_is_an_outage_by_the_hour():
    values = retailer(3600, 24, 6000, 10)
    values[21 * 24 : 22 * 24] = 0  # a Monday
    table = Seasonal("count")
    _, down = run(table, table.add(10), values, 3600)
    assert (down[21 * 24 + 8 : 21 * 24 + 16].max(axis=0) > IV).all()


def test_a_new_level_is_adopted_after_a_day_and_announced(learned):
    table, rows = restored(learned)
    values, start, announced = np.floor(learned[1][: 3 * DAY] * 2), len(learned[1]), []
    for point, column in enumerate(values, start):
        context = clock(STEP_S, point)
        score = table.score(rows, column, context).score
        table.learn(rows, column, context)
        announced.append(table["adopted"][rows].copy())
    announced = np.array(announced)
    assert (announced.sum(axis=0) >= 1).all()
    assert not announced[:70].any()
    assert (score < IV).all()


def test_ratios_are_judged_per_exposure_and_rows_without_exposure_not_at_all():
    rng = np.random.default_rng(5)
    trials = rng.poisson(400, (900, 4)).astype(float)
    table = Seasonal("ratio")
    rows = table.add(4)
    run(table, rows, rng.binomial(trials.astype(int), 0.3).astype(float), 300, exposure=trials)
    before = table.dump(rows)
    silent = Context(300.0, 0.0, np.array([4000.0, 400, 0, 400]))
    judgement = table.score(rows, np.array([1200.0, 20, 0, 120]), silent)
    assert judgement.expected[[0, 1, 3]] == pytest.approx(0.3, abs=0.05)
    assert judgement.down[1] == judgement.score.max() > 3  # one window of a young row
    assert judgement.score[2] == 0
    table.learn(rows[2:3], np.zeros(1), Context(300.0, 0.0, np.zeros(1)))
    assert table.dump(rows) == before


def test_negative_values_are_counted_from_further_down_and_told_in_their_own_unit():
    values = np.random.default_rng(6).normal(-3, 1, (800, 3))
    table = Seasonal("value")
    rows = table.add(3)
    run(table, rows, values, 300)
    judgement = table.score(rows, np.array([-3.0, 30, -30]), clock(300, 800))
    assert judgement.expected == pytest.approx(-3, abs=0.6)
    assert judgement.score[0] < 5
    assert judgement.up[1] > 8 > judgement.down[1]
    assert judgement.down[2] > 8 > judgement.up[2]


@pytest.mark.parametrize("kind", ["count", "ratio", "value"])
def test_clocks_of_their_own_give_what_one_clock_gives(kind):
    rng = np.random.default_rng(7)
    values, exposure = rng.poisson(30, (700, 3)).astype(float), np.full(3, 100.0)
    one, each = Seasonal(kind), Seasonal(kind)
    rows, same = one.add(3), each.add(3)
    for point, column in enumerate(values):
        whole = clock(300, point)
        whole = Context(whole.step_s, whole.week_s, exposure)
        split = Context(np.full(3, whole.step_s), np.full(3, whole.week_s), exposure)
        assert each.score(same, column, split).up == pytest.approx(
            one.score(rows, column, whole).up, abs=1e-3, nan_ok=True
        )
        one.learn(rows, column, whole)
        each.learn(same, column, split)


@pytest.mark.parametrize("kind", ["count", "value"])
def test_learning_is_the_same_without_a_score_before_it(kind):
    values = np.random.default_rng(8).poisson(20, (200, 4)).astype(float)
    scored, blind = Seasonal(kind), Seasonal(kind)
    rows, same = scored.add(4), blind.add(4)
    run(scored, rows, values, 300)
    for point, column in enumerate(values):
        blind.learn(same, column, clock(300, point))
    assert scored.dump(rows) == blind.dump(same)


def test_values_changed_in_place_after_the_score_are_what_is_learned():
    table, other = Seasonal("count"), Seasonal("count")
    rows, same, values = table.add(1), other.add(1), np.array([5.0])
    table.score(rows, values, clock(300, 0))
    values[0] = 9
    table.learn(rows, values, clock(300, 0))
    other.learn(same, values, clock(300, 0))
    assert table.dump(rows) == other.dump(same)


@pytest.mark.parametrize("kind", ["count", "ratio", "value"])
@pytest.mark.parametrize("scale", [0, 1e-12, 1, 1e12, 1e300])
def test_no_size_of_value_breaks_it(kind, scale):
    values = np.random.default_rng(10).normal(1, 0.5, (300, 2)) * scale
    table = Seasonal(kind)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        up, down = run(table, table.add(2), values, 300, exposure=np.full((300, 2), 10.0))
    assert np.isfinite(up[110:]).all()  # a value that goes negative starts over once
    assert np.isfinite(down[110:]).all()


@pytest.mark.parametrize(("step_s", "silent"), [(60, 50), (300, 50), (3600, 50), (43_200, 28), (DAY_S, 14)])
def test_it_is_silent_for_fifty_points_or_two_weeks(step_s, silent):
    values = np.random.default_rng(11).poisson(20, (60, 1)).astype(float)
    table = Seasonal("count")
    up, _ = run(table, table.add(1), values, step_s)
    assert int(np.isnan(up).sum()) == silent


def test_a_row_takes_less_than_2600_bytes():
    for kind in ("count", "ratio", "value"):
        table = Seasonal(kind)
        assert len(table.dump(table.add(100))) < 100 * 2600
