import numpy as np
import pytest

from detectors.rule import Rule, RuleBook
from tests.detectors.rows import CUTS, bank_of, judge


@pytest.mark.parametrize(
    ("rule", "values", "grades"),
    [
        pytest.param({}, [112, 88, 100], [2, 2, 0], id="both directions"),
        pytest.param({"direction": "up"}, [112, 88, 100], [2, 0, 0], id="up only"),
        pytest.param({"direction": "down"}, [112, 88, 100], [0, 2, 0], id="down only"),
        pytest.param(
            {"relative_min": 0.13}, [112, 113, 86], [0, 3, 3], id="relative change, its bound counts"
        ),
        pytest.param({"absolute_min": 13}, [112, 113, 86], [0, 3, 3], id="absolute change"),
        pytest.param(
            {"grade_max": 2}, [109, 110, 112, 300], [0, 1, 2, 2], id="no worse than its greatest grade"
        ),
        pytest.param({"cuts": (1, 2, 3, 4)}, [100.5, 101, 97, 150], [0, 1, 3, 4], id="its own cuts"),
    ],
)
def test_a_rule_decides_what_is_worth_telling(rule, values, grades):
    bank, (rows,) = bank_of(Rule("m", **{"cuts": CUTS, **rule}), rows=len(values))
    assert judge(bank, rows, values).raw.tolist() == grades


@pytest.mark.parametrize(
    ("volume", "volume_min", "graded"),
    [
        pytest.param(99, 100, True, id="expected 100 of a count, though 99 were seen"),
        pytest.param(0, 100, True, id="an outage of a big series"),
        pytest.param(0, 101, False, id="a small series"),
        pytest.param(101, 101, True, id="seen more than expected"),
    ],
)
def test_the_volume_of_a_count_is_what_was_seen_or_expected(volume, volume_min, graded):
    bank, (rows,) = bank_of(Rule("m", CUTS, volume_min=volume_min))
    assert bool(judge(bank, rows, [0], volume=[volume]).raw[0]) == graded


def test_a_book_answers_for_rows_of_many_rules_at_once():
    book = RuleBook([Rule("a", CUTS), Rule("b", (1, 2, 3, 4), "up", 0.1, 2, 3, 2, 4, 5, 10, 20)])
    rules = book.of(np.array([1, 0, 1], np.int16))
    assert rules.cuts.T.tolist() == [[1, 2, 3, 4], list(CUTS), [1, 2, 3, 4]]
    assert (rules.up.tolist(), rules.down.tolist()) == ([True] * 3, [False, True, False])
    assert rules.relative_min.tolist() == [0.1, 0, 0.1]
    assert rules.grade_max.tolist() == [2, 4, 2]
    assert [part.tolist() for part in book.patience(np.array([1, 0], np.int16))] == [[4, 1], [5, 3]]
    volumes = np.array([9.9, 10, 19.9, 20], np.float32)
    assert book.speaks(np.array([1] * 4, np.int16), volumes).tolist() == [False, True, True, False]
    assert (len(book), book[1].monitor) == (2, "b")


def test_thresholds_follow_the_rows_asked_for():
    book = RuleBook([Rule("a", CUTS, relative_min=0.1), Rule("b", CUTS, relative_min=0.2)])
    rule = np.array([0, 1], np.int16)
    assert book.of(rule).relative_min.tolist() == [0.1, 0.2]
    rule[0] = 1
    assert book.of(rule).relative_min.tolist() == [0.2, 0.2]
    assert book.of(rule[:1]).relative_min.tolist() == [0.2]
