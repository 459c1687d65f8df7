from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streams.ingest.columns import Columns, LineColumns, compact
from streams.ingest.decoder import Decoder
from streams.settings.model import EventKind, Settings
from tests.streams.records import click, order, record


def columns_of(kind: EventKind, *events: dict[str, Any]) -> Columns:
    decoder = Decoder(Settings(), kind)
    return Columns(kind, [decoder.decode(record(i, event)) for i, event in enumerate(events)])


def texts(columns: Columns, field: str) -> list[object]:
    codes, values = columns.codes(field)
    return [values[code] for code in codes]


def test_a_field_is_numbered_in_the_order_seen() -> None:
    columns = columns_of("click", click("a", region="n"), click("b"), click("c", region="n"))
    codes, values = columns.codes("region")
    assert (codes.tolist(), values) == ([0, 1, 0], ["n", None])


def test_a_missing_number_is_nan() -> None:
    columns = columns_of("click", click("a", cost=2), click("b"))
    assert np.array_equal(columns.numbers("cost"), [2.0, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param({}, None, id="no condition"),
        pytest.param({"type": "view"}, [True, False, True], id="one value"),
        pytest.param({"type": ["view", "search"]}, [True, True, True], id="several"),
        pytest.param({"type": "view", "cost": 2}, [True, False, False], id="two conditions, a number"),
        pytest.param({"region": "n"}, [False, False, True], id="a field most do not have"),
        pytest.param({"region": "s"}, [False, False, False], id="a value nobody has"),
    ],
)
def test_where_chooses_entries(where: dict[str, Any], expected: list[bool] | None) -> None:
    columns = columns_of(
        "click", click("a", cost=2.0), click("b", type="search", cost=2), click("c", region="n")
    )
    mask = columns.mask(where)
    assert (mask if mask is None else mask.tolist()) == expected


def test_lines_have_their_own_fields_and_those_of_the_order() -> None:
    columns = LineColumns(
        columns_of(
            "order",
            order("a", region="n", lines=[{"sku": "s", "qty": 2, "unit_price": 3}, {"sku": "t", "qty": 1}]),
            order("b", region="s"),
            order("c", lines=[{"sku": "s", "qty": 5, "category": "k"}]),
        )
    )
    assert texts(columns, "sku") == ["s", "t", "s"]
    assert texts(columns, "category") == [None, None, "k"]
    assert texts(columns, "region") == ["n", "n", None]
    assert columns.ids() == ["a", "a", "c"]
    assert np.array_equal(columns.numbers("amount"), [6, np.nan, np.nan], equal_nan=True)
    assert len(columns) == len(columns.times) == 3


def test_dimensions_of_a_number_from_outside_are_read_like_fields() -> None:
    sample: dict[str, Any] = {"type": "sample", "name": "hits", "value": 1}
    columns = columns_of("metric", click("a", **sample, dimensions={"pool": "db"}), click("b", **sample))
    assert texts(columns, "pool") == ["db", None]
    assert texts(columns, "name") == ["hits", "hits"]


def test_outflow_is_what_left_the_stock() -> None:
    moved: dict[str, Any] = {"type": "movement", "sku": "s"}
    columns = columns_of("inventory", click("a", **moved, delta=-3), click("b", **moved, delta=4))
    assert np.array_equal(columns.numbers("outflow"), [3, np.nan], equal_nan=True)


@given(arrays(np.int64, st.integers(0, 40), elements=st.integers(-50, 50) | st.integers(-(2**61), 2**61)))
def test_compact_equals_unique(keys: np.ndarray) -> None:
    distinct, place = compact(keys)
    expected, inverse = np.unique(keys, return_inverse=True)
    assert (distinct.tolist(), place.tolist()) == (expected.tolist(), inverse.tolist())
