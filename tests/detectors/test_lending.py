"""What a parent lends: a young series has its shape at once, an old one its own, an unlike one nothing."""

import numpy as np
import pytest

from detectors.cells import Cells
from detectors.loan import NOBODY, Loan
from detectors.seasonal import Seasonal
from detectors.seasonal.level import level_of
from detectors.seasonal.season import trusting
from detectors.table import Context

STEP_S = 1800.0
DAY = 48
BORN = 10 * DAY  # points of the parent's life
SHAPE = 1 + 0.8 * np.sin(2 * np.pi * np.arange(DAY) / DAY)
ALIKE, UNLIKE, ALONE = range(3)  # children


class Family:
    """A parent and three children born later, of which ALONE has no lender."""

    def __init__(self, kind="count"):
        self.table = Seasonal(kind)
        self.parent, self.children = self.table.add(1), self.table.add(3)
        self.rng, self.point = np.random.default_rng(4), 0

    def context(self, lender, exposure=None):
        clock = self.point * STEP_S % 604_800
        return Context(STEP_S, clock, exposure, Loan(self.parent, np.array(lender)))

    def live(self, points, mean=None):
        """Let time pass; children live if they have a mean a window. Return what was expected of them."""
        expected = []
        for _ in range(points):
            now = SHAPE[self.point % DAY]
            rows, values, lender = [self.parent], [self.rng.poisson(500 * now)], [NOBODY]
            if mean is not None:
                rows.append(self.children)
                values += [self.rng.poisson(mean * factor) for factor in (now, 2 - now, now)]
                lender += [0, 0, NOBODY]
            asked, column = np.concatenate(rows), np.array(values, float)
            expected.append(self.table.score(asked, column, self.context(lender)).expected[1:])
            self.table.learn(asked, column, self.context(lender))
            self.point += 1
        return np.array(expected)

    def factor(self):
        """Return the season that the parent has now."""
        cells = Cells(self.table._cells, self.parent)
        context = self.context([NOBODY])
        return (self.table.score(self.parent, np.zeros(1), context).expected / level_of(cells))[0]

    def expected(self, lender):
        """Return what is expected of the children now, with this lender."""
        return self.table.score(self.children, np.zeros(3), self.context([lender] * 3)).expected


@pytest.fixture(scope="module")
def grown():
    """Return a family whose children are 20 days old, and what was expected of them."""
    family = Family()
    family.live(BORN)
    return family, family.live(20 * DAY, mean=40)


@pytest.fixture(scope="module")
def family():
    """Return a family whose children have lived for half a day, at an hour of nearly twice the usual."""
    family = Family()
    family.live(BORN - DAY // 4)
    family.live(DAY // 2, mean=3)
    return family


def test_a_child_has_the_shape_of_its_parent_from_the_first_day_on(grown):
    first_day = grown[1][DAY // 2 : DAY]
    truth = 40 * SHAPE[DAY // 2 :]
    off = np.abs(first_day - truth[:, np.newaxis]).mean(axis=0)
    assert off[ALIKE] < 0.4 * off[ALONE]


def test_who_has_seen_enough_has_a_shape_of_its_own(grown):
    family, _ = grown
    for _ in range(0, DAY, 6):
        with_parent, without = family.expected(0), family.expected(NOBODY)
        assert with_parent[[ALIKE, UNLIKE]] == pytest.approx(without[[ALIKE, UNLIKE]], rel=0.05, abs=0.5)
        family.live(6, mean=40)


def test_a_child_that_its_parent_does_not_suit_stops_borrowing(grown):
    family, _ = grown
    trusted = trusting(Cells(family.table._cells, family.children))
    assert trusted[[ALIKE, UNLIKE]].tolist() == [True, False]


@pytest.mark.parametrize(
    ("seen", "least", "most"),
    [
        pytest.param(0, 0.7, 1, id="it has seen nothing of its own: its parent's"),
        pytest.param(2, 0.2, 0.7, id="it has seen two events: something between"),
        pytest.param(1_000, 0, 0.02, id="it has seen many: its own, but for the day of the week"),
        pytest.param(2, 0.2, 0.7, id="it grew thin again: something between"),
    ],
)
def test_a_half_hour_is_the_parents_by_how_little_it_has_seen_itself(family, seen, least, most):
    for name in ("profile_x", "profile_e"):  # a flat shape of its own
        family.table[name][:, :, family.children] = seen
    with_parent, without = family.expected(0)[ALIKE], family.expected(NOBODY)[ALIKE]
    assert least <= (with_parent / without - 1) / (family.factor() - 1) <= most


def test_a_parent_that_has_seen_nothing_lends_nothing():
    family = Family()
    family.live(3)
    family.table.learn(family.children, np.array([5.0, 6, 7]), family.context([0, 0, 0]))
    family.point += DAY // 2
    assert family.expected(0) == pytest.approx(family.expected(NOBODY), rel=1e-5)


@pytest.mark.parametrize("kind", ["count", "ratio", "value"])
def test_rows_without_a_lender_are_judged_as_if_there_was_no_loan(kind):
    alone, beside = Seasonal(kind), Seasonal(kind)
    rng = np.random.default_rng(1)
    for table in (alone, beside):
        table.add(2)
    rows, lender = np.arange(2), np.array([NOBODY, NOBODY])
    for point in range(3 * DAY):
        values = rng.poisson(30 * SHAPE[point % DAY], 2).astype(float)
        clock, exposure = point * STEP_S, np.full(2, 50.0) if kind == "ratio" else None
        plain = Context(STEP_S, clock, exposure)
        lent = Context(STEP_S, clock, exposure, Loan(rows[:1], lender))
        told = [t.score(rows, values, c) for t, c in ((alone, plain), (beside, lent))]
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*told, strict=True))
        alone.learn(rows, values, plain)
        beside.learn(rows, values, lent)


def test_a_ratio_has_the_shape_of_the_ratio_of_the_whole():
    table = Seasonal("ratio")
    parent, child = table.add(1), table.add(1)
    rng = np.random.default_rng(2)
    for point in range(BORN + DAY // 2):
        share = 0.3 * SHAPE[point % DAY]
        rows = parent if point < BORN else np.concatenate([parent, child])
        trials = np.array([2_000.0, 60.0])[: len(rows)]
        loan = Loan(parent, np.array([NOBODY, 0])[: len(rows)])
        context = Context(STEP_S, point * STEP_S % 604_800, trials, loan)
        values = rng.binomial(trials.astype(int), share).astype(float)
        table.score(rows, values, context)
        table.learn(rows, values, context)
    night = Context(STEP_S, point * STEP_S % 604_800 + 9 * 3_600, np.array([60.0]))
    lent = Context(night.step_s, night.week_s, night.exposure, Loan(parent, np.array([0])))
    truth = 0.3 * SHAPE[(point + 18) % DAY]
    off = [abs(table.score(child, np.array([9.0]), c).expected[0] - truth) for c in (lent, night)]
    assert off[0] < 0.5 * off[1]


def test_rows_that_borrow_share_one_clock():
    table = Seasonal()
    rows = table.add(2)
    context = Context(STEP_S, np.array([0.0, 3_600.0]), loan=Loan(rows[:1], np.array([NOBODY, 0])))
    with pytest.raises(ValueError, match="one clock"):
        table.score(rows, np.ones(2), context)


SHOP, CATEGORY, CHILD = (np.array([row]) for row in range(3))
CHAIN = Loan(np.array([0, 1]), np.array([1]), np.array([NOBODY, 0]))


def lineage(category_age):
    """Return a shop, a category of so many points with its day upside down, and a child of six hours."""
    table, rng = Seasonal(), np.random.default_rng(7)
    table.add(3)
    for point in range(BORN):
        now = SHAPE[point % DAY]
        ages = {0: True, 1: BORN - point <= category_age, 2: BORN - point <= DAY // 4}
        rows = np.array([row for row, lives in ages.items() if lives])
        values = rng.poisson(np.array([500 * now, 300 * (2 - now), 3.0])[rows]).astype(float)
        above = np.array([NOBODY, 0, 1])[rows]
        loan = Loan(np.array([0, 1]), above, np.array([NOBODY, 0]))
        table.learn(rows, values, Context(STEP_S, point * STEP_S % 604_800, loan=loan))
    return table


def offered(table, point, loan):
    """Return what is expected of the child at a point after the last one, over what is without any loan."""
    expected = [
        table.score(CHILD, np.zeros(1), Context(STEP_S, point * STEP_S % 604_800, loan=one)).expected[0]
        for one in (loan, None)
    ]
    return expected[0] / expected[1]


@pytest.mark.parametrize("hour", [10, 16, 34, 40])
def test_a_child_is_lent_the_shape_of_its_category_by_one_that_has_seen_enough(hour):
    table = lineage(BORN)
    assert (offered(table, BORN + hour, CHAIN) > 1) == (SHAPE[hour] < 1)
    assert (offered(table, BORN + hour, Loan(SHOP, np.array([0]))) > 1) == (SHAPE[hour] > 1)


@pytest.mark.parametrize("hour", [10, 40])
def test_a_young_category_hands_on_what_it_is_lent_by_the_shop_and_a_little_less(hour):
    table = lineage(0)
    by_shop = offered(table, BORN + hour, Loan(SHOP, np.array([0]))) - 1
    by_both = offered(table, BORN + hour, CHAIN) - 1
    alone = offered(table, BORN + hour, Loan(CATEGORY, np.array([0]))) - 1
    assert 0.5 < by_both / by_shop < 1
    assert alone == pytest.approx(0, abs=1e-4)
