import random

import numpy as np
import pytest

from detectors.bank import Bank
from detectors.phase import GROWN_S
from detectors.rule import Rule
from tests.detectors.rows import CUTS, Echo, bank_of, changes, judge

FINE = Rule("m", CUTS, volume_from=20)
COARSE = Rule("m", CUTS, volume_to=240)


def test_first_it_is_scored_then_learned():
    table = Echo()
    bank, (rows,) = bank_of(Rule("m", CUTS), rows=2, table=table)
    judge(bank, rows, [100, 150])
    assert table.log == ["score", "learn"]
    assert table.learned == [([0, 1], [100, 150])]


def test_a_bank_of_many_rules_gives_each_row_what_a_bank_of_one_gives():
    rules = [
        Rule("a", CUTS),
        Rule("b", CUTS, direction="down", relative_min=0.3, persistence=2),
        Rule("c", (2, 3, 4, 5), absolute_min=4, grade_max=3, resolve_after=1),
        Rule("d", CUTS, volume_from=20, volume_to=90, volume_min=15),
    ]
    chance = random.Random(3)
    together = Bank(Echo(), rules)
    rows = [together.admit(rule, 3) for rule in range(len(rules))]
    alone = [Bank(Echo(), [rule]) for rule in rules]
    own = [bank.admit(0, 3) for bank in alone]
    told = 0
    for number in range(300):
        values = np.array([100 + chance.gauss(0, 8) for _ in range(12)])
        whole = judge(together, np.concatenate(rows), values, number, volume=values / 2)
        for i, bank in enumerate(alone):
            part = slice(3 * i, 3 * i + 3)
            one = judge(bank, own[i], values[part], number, volume=values[part] / 2)
            for name in ("values", "volume", "score", "side", "raw", "grade", "change"):
                assert np.array_equal(getattr(whole, name)[part], getattr(one, name), equal_nan=True), name
        told += int((whole.change > 0).sum())
    assert told > 20


def test_rows_not_observed_are_left_as_they_are():
    bank, (rows,) = bank_of(Rule("m", CUTS, resolve_after=2), rows=2)
    assert changes(judge(bank, rows, [130, 130], 0)) == ["opened", "opened"]
    judge(bank, rows[:1], [100], 1)
    assert changes(judge(bank, rows, [100, 100], 2)) == ["resolved", ""]


@pytest.mark.parametrize(
    ("rule", "volume", "speaks"),
    [
        pytest.param(FINE, 19, False, id="too little for the fine level"),
        pytest.param(FINE, 20, True, id="enough for the fine level"),
        pytest.param(COARSE, 239, True, id="little enough for the coarse one"),
        pytest.param(COARSE, 240, False, id="so much that the fine one speaks"),
    ],
)
def test_the_level_that_speaks_is_chosen_by_volume(rule, volume, speaks):
    bank, (rows,) = bank_of(rule)
    verdict = judge(bank, rows, [130], volume=[volume])
    assert (verdict.raw[0] > 0, bank.speaking(rows)[0]) == (speaks, speaks)


def test_one_window_of_another_volume_does_not_change_the_level():
    bank, (rows,) = bank_of(FINE)
    for number in range(50):
        judge(bank, rows, [100], number, volume=[30])
    assert judge(bank, rows, [130], 51, volume=[1]).raw[0] > 0


def test_an_open_alert_runs_to_its_end_though_another_level_speaks_now():
    bank, (rows,) = bank_of(Rule("m", CUTS, volume_from=20, resolve_after=1))
    assert changes(judge(bank, rows, [112], 0, volume=[20])) == ["opened"]
    assert changes(judge(bank, rows, [120], 1, volume=[0])) == ["escalated"]
    assert changes(judge(bank, rows, [100], 2, volume=[0])) == ["resolved"]
    assert changes(judge(bank, rows, [120], 3, volume=[0])) == [""]


def test_ratios_are_shown_as_ratios():
    bank, (rows,) = bank_of(Rule("m", CUTS), table=Echo("ratio"))
    verdict = judge(bank, rows, [30], exposure=[40], volume=[40])
    assert (verdict.values.tolist(), verdict.volume.tolist()) == ([0.75], [40])


def test_a_kept_verdict_is_not_the_bank_s_to_change():
    bank, (rows,) = bank_of(Rule("m", CUTS))
    values = np.array([130.0])
    verdict = judge(bank, rows, values)
    values[:] = 0
    judge(bank, rows, [100], 1)
    assert (verdict.values[0], verdict.grade[0]) == (130, 4)


@pytest.mark.parametrize("n", [0, 1, 2000])
def test_any_number_of_rows_is_judged_in_one_call(n):
    bank, (rows,) = bank_of(Rule("m", CUTS), rows=n)
    assert judge(bank, rows, np.full(n, 130.0)).grade.tolist() == [4] * n


class Learning(Echo):
    CAUTIOUS = True


def crying(table, days, every):
    """Return how many alerts a day a grown row opens that shows 10 nats once in `every` windows."""
    bank, (rows,) = bank_of(Rule("m", CUTS, resolve_after=1), table=table)
    bank.members["age_s"][rows] = GROWN_S
    found = np.zeros(days)
    for number in range(days * 288):
        verdict = judge(bank, rows, [110 if number % every == 0 else 100], number)
        found[number // 288] += changes(verdict) == ["opened"]
    return found


@pytest.mark.parametrize(
    ("table", "every", "last_day"),
    [
        pytest.param(Learning(), 1440, 1, id="every fifth day: none is lost"),
        pytest.param(Learning(), 36, 1, id="eight times a day: in the end once"),
        pytest.param(Echo(), 36, 8, id="what people have set is told every time"),
    ],
)
def test_a_series_that_cries_wolf_is_not_believed_for_long(table, every, last_day):
    found = crying(table, 6, every)
    assert (found[0], found[-1]) == (min(8, 288 // every + 1), last_day)


def test_cries_are_forgotten_and_do_not_stop_what_is_plain():
    bank, (rows,) = bank_of(Rule("m", CUTS, resolve_after=1), table=Learning())
    bank.members["age_s"][rows], bank.members["cries"][rows] = GROWN_S, 60
    assert judge(bank, rows, [110], 0).raw.tolist() == [0]
    assert judge(bank, rows, [125], 1).raw.tolist() == [4]
    judge(bank, rows, [100], 2)
    judge(bank, rows, [100], 2 + 40 * 288)
    assert bank.members["cries"][rows] == pytest.approx(61 * np.exp(-40 / 14), rel=1e-3)
    assert judge(bank, rows, [110], 3 + 40 * 288).raw.tolist() == [1]


def test_what_is_said_while_cold_is_no_cry():
    bank, (rows,) = bank_of(Rule("m", CUTS), table=Learning())
    assert changes(judge(bank, rows, [130])) == ["opened"]
    assert bank.members["cries"][rows].tolist() == [0]
