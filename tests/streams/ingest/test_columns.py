from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streams.ingest.columns import Columns, LineColumns, Reads, compact
from streams.ingest.decoder import Decoder
from streams.ingest.event import Event
from streams.settings.model import EventKind, Settings
from tests.streams.records import click, order, record


def columns_of(kind: EventKind, *events: dict[str, Any], coded: str = "", numbers: str = "") -> Columns:
    columns = Columns(kind, Reads(frozenset(coded.split()), frozenset(numbers.split()), ids=True))
    for event in decoded(kind, *events):
        columns.add([event])
    return columns


def decoded(kind: EventKind, *events: dict[str, Any]) -> list[Event]:
    decoder = Decoder(Settings(), kind)
    return [decoder.decode(record(i, event)) for i, event in enumerate(events)]


def texts(columns: Columns, field: str) -> list[object]:
    codes, values = columns.codes(field)
    return [values[code] for code in codes]


def test_a_field_is_numbered_in_the_order_seen() -> None:
    columns = columns_of("click", click("a", region="n"), click("b"), click("c", region="n"), coded="region")
    codes, values = columns.codes("region")
    assert (codes.tolist(), values) == ([0, 1, 0], ["n", None])


def test_a_missing_number_is_nan() -> None:
    columns = columns_of("click", click("a", cost=2), click("b"), numbers="cost")
    assert np.array_equal(columns.numbers("cost"), [2.0, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param({}, [0, 1, 2], id="no condition"),
        pytest.param({"type": "view"}, [0, 2], id="one value"),
        pytest.param({"type": ["view", "search"]}, [0, 1, 2], id="several"),
        pytest.param({"type": "view", "cost": 2}, [0], id="two conditions, a number"),
        pytest.param({"region": "n"}, [2], id="a field most do not have"),
        pytest.param({"region": "s"}, [], id="a value nobody has"),
    ],
)
def test_where_chooses_entries(where: dict[str, Any], expected: list[int]) -> None:
    events = (click("a", cost=2.0), click("b", type="search", cost=2), click("c", region="n"))
    columns = columns_of("click", *events, coded="type cost region")
    assert columns.chosen(where).tolist() == expected


def test_lines_have_their_own_fields_and_those_of_the_order() -> None:
    reads = Reads(frozenset({"sku", "category", "region"}), frozenset({"amount"}), ids=True)
    events = (
        order("a", region="n", lines=[{"sku": "s", "qty": 2, "unit_price": 3}, {"sku": "t", "qty": 1}]),
        order("b", region="s"),
        order("c", lines=[{"sku": "s", "qty": 5, "category": "k"}]),
    )
    columns = LineColumns(columns_of("order", *events, coded="region"), reads)
    columns.add(decoded("order", *events))
    assert texts(columns, "sku") == ["s", "t", "s"]
    assert texts(columns, "category") == [None, None, "k"]
    assert texts(columns, "region") == ["n", "n", None]
    assert columns.ids == ["a", "a", "c"]
    assert np.array_equal(columns.numbers("amount"), [6, np.nan, np.nan], equal_nan=True)
    assert len(columns) == len(columns.times) == 3


def test_dimensions_of_a_number_from_outside_are_read_like_fields() -> None:
    sample: dict[str, Any] = {"type": "sample", "name": "hits", "value": 1}
    columns = columns_of(
        "metric", click("a", **sample, dimensions={"pool": "db"}), click("b", **sample), coded="pool name"
    )
    assert texts(columns, "pool") == ["db", None]
    assert texts(columns, "name") == ["hits", "hits"]


def test_outflow_is_what_left_the_stock() -> None:
    moved: dict[str, Any] = {"type": "movement", "sku": "s"}
    columns = columns_of(
        "inventory", click("a", **moved, delta=-3), click("b", **moved, delta=4), numbers="outflow"
    )
    assert np.array_equal(columns.numbers("outflow"), [3, np.nan], equal_nan=True)


@given(arrays(np.int64, st.integers(0, 40), elements=st.integers(-50, 50) | st.integers(-(2**61), 2**61)))
def test_compact_equals_unique(keys: np.ndarray) -> None:
    distinct, place = compact(keys)
    expected, inverse = np.unique(keys, return_inverse=True)
    assert (distinct.tolist(), place.tolist()) == (expected.tolist(), inverse.tolist())
