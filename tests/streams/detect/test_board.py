import random

import numpy as np
import pytest

from streams.detect.board import Board
from streams.detect.bucket import Bucket
from streams.detect.cursor import Cursor
from streams.detect.roster import Roster
from streams.detect.window import MINUTE_MS, Windows
from streams.detect.zone import Zone
from streams.plan import Group

FIVE = Windows(5 * MINUTE_MS, 5 * MINUTE_MS, Zone("UTC"))


def board(aggregate, *, scale=1, limit=100):
    group = Group("m", ("sku",), "order", aggregate, "amount", lines=False, scale=scale)
    return Board(group, FIVE, Roster(("sku",), limit))


def add(to, rows):
    """Rows of (entity, minute, count, value, time, id), merged one bucket after the other."""
    starts = [FIVE.bucket_of(row[1] * MINUTE_MS) for row in rows]
    for start in sorted(set(starts)):
        entities, _, *columns, ids = zip(
            *(row for row, at in zip(rows, starts, strict=True) if at == start), strict=True
        )
        numbers = [np.array(column, np.int64) for column in columns]
        to.add(start, to.roster.slots(entities), Bucket.of(*numbers, ids))


ROWS = [
    ("a", 0, 1, 5, 10, "x"),
    ("a", 1, 2, 9, 70, "y"),
    ("a", 4, 1, 2, 70, "z"),
    ("b", 2, 1, -3, 130, "w"),
    ("a", 7, 1, 100, 400, "v"),
]


@pytest.mark.parametrize(
    ("aggregate", "a", "b"),
    [
        pytest.param("count", 4, 1, id="count"),
        pytest.param("sum", 16, -3, id="sum"),
        pytest.param("min", 2, -3, id="min"),
        pytest.param("max", 9, -3, id="max"),
        pytest.param("last", 2, -3, id="last: by time, then by id"),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_window_is_the_same_whatever_the_order_and_the_batches(aggregate, a, b, seed):
    rows = ROWS.copy()
    random.Random(seed).shuffle(rows)
    cut = seed % len(rows)
    merged = board(aggregate)
    for part in (rows[:cut], rows[cut:]):
        if part:
            add(merged, part)
    _, values = merged.window([0])
    slots = merged.roster.slots(["a", "b"])
    assert values[slots].tolist() == [a, b]


def test_values_are_in_the_metric_s_unit_and_empty_ones_are_missing():
    prices = board("max", scale=100)
    add(prices, [("a", 0, 1, 1999, 0, "")])
    add(prices, [("b", 9, 1, 500, 0, "")])
    assert prices.window([0])[1][prices.roster.slots(["a", "b"])].tolist() == pytest.approx(
        [19.99, np.nan], nan_ok=True
    )


def test_sums_are_exact_beyond_what_floats_hold():
    money = board("sum")
    for _ in range(3):
        add(money, [("a", 0, 1, 2**53 + 1, 0, "")])
    assert money.merged([0]).values[0] == 3 * (2**53 + 1)


def test_a_window_of_several_buckets_adds_them_up():
    counts = board("count")
    add(counts, ROWS)
    assert counts.window([0, 300_000])[1][counts.roster.slots(["a"])].tolist() == [5]


def test_entities_beyond_the_limit_are_counted_as_other():
    counts = board("count", limit=1)
    add(counts, ROWS)
    assert counts.roster.entities == ["a", "other"]
    assert counts.window([0])[1].tolist() == [4, 1]
    assert counts.roster.refused == 1


def test_buckets_no_reader_needs_are_dropped():
    counts, cursor = board("count"), Cursor(FIVE)
    counts.readers.append(cursor)
    add(counts, ROWS)
    cursor.begin(0)
    for _ in range(5):
        cursor.close()
    counts.forget()
    assert counts.buckets == {}
    assert counts.oldest_needed_ms() == 2 * 5 * MINUTE_MS


def test_what_is_frozen_does_not_change_with_what_comes_later():
    counts = board("count")
    add(counts, ROWS[:2])
    before = counts.freeze()
    add(counts, ROWS[2:])
    assert before[0].counts.tolist() == [3]
    assert counts.window([0])[1].tolist() == [4, 1]
