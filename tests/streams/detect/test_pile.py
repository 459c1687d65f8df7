"""A pile: which sums wait, and that waiting changes nothing."""

import numpy as np
import pytest

from streams.detect.assembly import Assembly
from streams.detect.pile import WAITING_MAX
from streams.partial import Sheet
from tests.streams.chain import COUNT, FIVE_MS, MINUTE_MS, PAID, START, settings_of

BY_REGION = [["region"]]
METRICS = {"orders": COUNT, "paid": PAID, "dearest": {"event": "order", "max": "amount", "scale": 1}}
SETTINGS = settings_of(
    METRICS,
    [
        {"name": "orders", "metric": "orders", "by": BY_REGION},
        {"name": "hourly", "metric": "orders", "by": BY_REGION, "window": "1h"},
        {"name": "dearest", "metric": "dearest", "by": BY_REGION},
    ],
)
GROUPS = ["orders/region", "unknown/region", "dearest/region"]


def sheet(rows):
    """Rows of (group, pane in minutes, count, value), all of one region, one cell each."""
    group, panes, counts, values = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    cells = np.arange(len(rows), dtype=np.int32)
    where = ["region=n"], np.zeros(len(rows), np.int32), START + panes * MINUTE_MS
    return Sheet(GROUPS, *where, group.astype(np.int32), cells, counts, values)


def waiting(*sheets):
    """Return the parts of a machine in whose piles the sheets wait."""
    parts = Assembly(SETTINGS, durable=True)
    for one in sheets:
        routes = parts.routes(tuple(one.groups))
        slots = routes[0].pile.roster.slots(one.entities)[one.entity]
        for route in routes:
            for part in route.pile.parts(one, route.board, slots):
                route.pile.wait(part, one)
    return parts


def held(parts):
    """Return (group, window in minutes, bucket in minutes) -> (count, value) of the only region."""
    boards = [board for boards in parts.boards.values() for board in boards]
    return {
        (b.group.metric, b.windows.length_ms // MINUTE_MS, (start - START) // MINUTE_MS): (
            int(bucket.counts[0]),
            int(bucket.values[0]),
        )
        for b in boards
        for start, bucket in b.buckets.items()
    }


def test_a_sheet_reaches_every_board_of_its_groups_when_it_is_merged():
    parts = waiting(sheet([(0, 0, 2, 0), (2, 1, 1, -9), (1, 1, 5, 5), (0, 6, 3, 0)]), sheet([(2, 4, 1, -7)]))
    assert held(parts) == {}
    parts.merge()
    assert held(parts) == {
        ("orders", 5, 0): (2, 0),
        ("orders", 5, 5): (3, 0),
        ("orders", 60, 0): (5, 0),
        ("dearest", 5, 0): (2, -7),
    }
    parts.merge()
    assert held(parts)["orders", 5, 0] == (2, 0)


def test_so_many_sheets_wait_and_no_more():
    parts = waiting(*[sheet([(0, 0, 1, 0)])] * WAITING_MAX)
    assert held(parts)["orders", 5, 0] == (WAITING_MAX, 0)


def test_a_sheet_nobody_asks_for_goes_nowhere():
    assert Assembly(SETTINGS, durable=True).routes(("unknown/region",)) == []


@pytest.mark.parametrize(
    ("begun", "bucket", "in_time"),
    [
        pytest.param(None, 0, False, id="no reader has begun"),
        pytest.param(1, 1, True, id="the next to close"),
        pytest.param(1, 2, True, id="a later one"),
        pytest.param(1, 0, False, id="closed"),
    ],
)
def test_what_some_reader_has_to_be_told_of_does_not_wait(begun, bucket, in_time):
    parts = Assembly(SETTINGS, durable=True)
    route = next(one for one in parts.routes(tuple(GROUPS)) if one.pile.windows.length_ms == FIVE_MS)
    for reader in route.readers:
        reader.next_ms = None if begun is None else START + begun * FIVE_MS
    assert route.in_time(START + bucket * FIVE_MS) == in_time
