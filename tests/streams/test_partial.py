"""A partial on the wire, and the parts of a sheet."""

import msgspec
import numpy as np
import pytest

from streams.partial import VERSION, Partial, PartialRefused, Sheet, from_bytes, to_bytes

HEAD = ("shop.click.v1", 3, 10, 20, 5, 6, False, 7, 10, 1, "plan")
INT32 = dict.fromkeys(("entity", "group", "cell"), np.int32)
COLUMNS = {
    "entity": [0, 0, 1, 2],
    "panes": [0, 60, 0, 60],
    "group": [0, 1, 0, 1, 1],
    "cell": [0, 0, 1, 2, 3],
    "counts": [1, 2, 3, 4, 5],
    "values": [0, 9, 0, 8, 7],
}


def sheet(**columns):
    numbers = {name: np.array(values, INT32.get(name, np.int64)) for name, values in COLUMNS.items()}
    return Sheet(groups=["m/sku", "n/sku"], entities=["a", "b", "c"], **{**numbers, **columns})


ROWS = [
    ("m/sku", "a", 0, 1, 0),
    ("n/sku", "a", 0, 2, 9),
    ("m/sku", "a", 60, 3, 0),
    ("n/sku", "b", 0, 4, 8),
    ("n/sku", "c", 60, 5, 7),
]


def test_what_is_written_is_read():
    registers = np.arange(10, dtype=np.uint8).reshape(5, 2)
    rich = sheet(times=np.arange(5), ids=["v", "w", "x", "y", "z"], registers=registers)
    again = from_bytes(to_bytes(Partial(*HEAD, [sheet(), rich])))
    assert again[:-1] == HEAD
    assert list(again.rows()) == ROWS * 2
    assert (again.sheets[1].times.tolist(), again.sheets[1].ids) == (
        [0, 1, 2, 3, 4],
        ["v", "w", "x", "y", "z"],
    )
    assert again.sheets[1].registers.tolist() == registers.tolist()
    assert [one.plain for one in again.sheets] == [True, False]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_the_parts_of_a_sheet_are_the_sheet(cut):
    first, second = sheet().part(0, cut), sheet().part(cut, 4)
    assert [*first.rows(), *second.rows()] == ROWS
    assert set(first.entities) == {entity for _, entity, *_ in first.rows()}
    assert set(second.entities) == {entity for _, entity, *_ in second.rows()}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(msgspec.msgpack.encode((VERSION + 1, *HEAD, [])), id="a version to come"),
        pytest.param(msgspec.msgpack.encode(([], *HEAD, [])), id="no version"),
        pytest.param(msgspec.msgpack.encode((VERSION, *HEAD[1:], [])), id="a field is missing"),
        pytest.param(
            msgspec.msgpack.encode((VERSION, *HEAD, [[["m/"], ["a"]]])), id="a sheet without columns"
        ),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_partial_is_refused(data):
    with pytest.raises(PartialRefused):
        from_bytes(data)
