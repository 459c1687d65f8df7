import numpy as np
import pytest

from detectors.cells import Cells
from detectors.columns import place_of
from detectors.seasonal import Seasonal, unrest
from detectors.seasonal.window import Window
from detectors.table import Context

STEP_S, DAY = 1800.0, 48
LOUD = 20  # the half hour in which residuals are three times as large


def window(rows, step_s, week_s, points=1000.0):
    ones = np.ones(len(rows), np.float32)
    return Window.of(ones, ones, points * ones, Context(step_s, week_s))


@pytest.fixture
def cells():
    table = Seasonal("count")
    return Cells(table._cells, table.add(4))


def learn_days(cells, days, *, points=1000.0):
    rng = np.random.default_rng(5)
    for point in range(days * DAY):
        z = rng.normal(0, 3.0 if point % DAY == LOUD else 1.0, 4).astype(np.float32)
        now = window(cells.rows, STEP_S, point * STEP_S % 604_800, points)
        unrest.learn(cells, now, z, np.ones(4, np.float32))


def test_a_half_hour_that_strays_more_every_day_is_known_as_such_and_no_other(cells):
    learn_days(cells, 400)
    loud, calm = (unrest.factor(cells, window(cells.rows, STEP_S, at * STEP_S)) for at in (LOUD, LOUD + 1))
    assert loud.mean() == pytest.approx(2.9, abs=0.4)
    assert calm.mean() == pytest.approx(1.0, abs=0.15)


def test_rows_that_are_not_judged_yet_teach_nothing(cells):
    learn_days(cells, 20, points=10.0)
    assert (unrest.factor(cells, window(cells.rows, STEP_S, LOUD * STEP_S)) == 1).all()


def test_rows_with_clocks_of_their_own_are_judged_by_their_own_half_hour(cells):
    learn_days(cells, 100)
    at = np.array([LOUD, LOUD + 1, LOUD, LOUD + 1]) * STEP_S
    factor = unrest.factor(cells, window(cells.rows, STEP_S, at))
    assert (factor[[0, 2]] > 1.5 * factor[[1, 3]]).all()


def test_one_wild_residual_counts_for_nine_variances_at_most(cells):
    now = window(cells.rows, STEP_S, LOUD * STEP_S)
    unrest.learn(cells, now, np.full(4, 1000, np.float32), np.ones(4, np.float32))
    assert unrest.factor(cells, now) == pytest.approx(np.sqrt(1 + 0.01 * 8), rel=1e-3)


def test_rows_stored_before_there_was_unrest_are_read_as_evenly_quiet():
    table = Seasonal("count")
    rows = table.add(3)
    table["points"][rows] = [1, 2, 3]
    older = [name for name in table._layout if name not in {"unrest", "loss_lent"}]
    new = table.dump(rows)
    size = table.row_bytes - unrest.HALF_HOURS * 4 - 4
    head = new[:4] + (1).to_bytes(2, "little") + size.to_bytes(4, "little") + new[10:18]
    old = head + b"".join(table[name][..., place_of(rows)].tobytes() for name in older)
    again = Seasonal("count")
    read = again.load(old)
    assert (again["unrest"][:, read] == 1).all()
    assert again["points"][read].tolist() == [1, 2, 3]
