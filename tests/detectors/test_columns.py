from typing import ClassVar

import numpy as np
import pytest

from detectors.columns import Column, Columns, TableMismatch


class Two(Columns):
    NAME = "two"

    def __init__(self, slots=3):
        super().__init__({"level": Column(np.float32, fill=1.5), "profile": Column(np.int16, (slots,))})


def test_new_rows_start_with_the_fill_value_even_when_reused():
    table = Two()
    rows = table.add(2)
    table["level"][rows] = 9
    table.drop(rows[:1])
    again = table.add(2)
    assert len(table) == 3
    assert table["level"][again].tolist() == [1.5, 1.5]
    assert table["level"][rows[1]] == 9


def test_dumped_rows_come_back_in_order_in_another_table():
    table = Two()
    rows = table.add(4)
    table["level"][rows] = [1, 2, 3, 4]
    table["profile"][:, rows] = np.arange(12).reshape(3, 4)
    other = Two()
    other.add(3)
    loaded = other.load(table.dump(rows[[3, 1]]))
    assert other["level"][loaded].tolist() == [4, 2]
    assert other["profile"][:, loaded].tolist() == [[3, 1], [7, 5], [11, 9]]


def test_growing_keeps_what_is_there():
    table = Two()
    row = table.add(1)
    table["level"][row] = 7
    table.add(1000)
    assert table["level"][0] == 7


def _dump():
    table = Two()
    return table.dump(table.add(2))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(_dump()[:-1], id="cut off"),
        pytest.param(_dump() + b"x", id="too long"),
        pytest.param(b"XXXX" + _dump()[4:], id="another magic"),
        pytest.param(_dump()[:4] + b"\x09\x00" + _dump()[6:], id="another version"),
    ],
)
def test_what_is_not_a_dump_of_this_table_is_refused(data):
    with pytest.raises(TableMismatch):
        Two().load(data)


def test_a_dump_of_another_layout_is_refused():
    table = Two(slots=4)
    with pytest.raises(TableMismatch):
        Two().load(table.dump(table.add(1)))


class Three(Two):
    VERSION = 2
    ADDED: ClassVar = {"age": (2, 60)}

    def __init__(self):
        Columns.__init__(self, {**Two()._layout, "age": Column(np.int16, fill=3)})


def test_rows_from_before_a_column_was_added_have_there_what_is_said_of_them():
    old, new = Two(), Three()
    rows = old.add(2)
    old["level"][rows] = [4, 5]
    loaded = new.load(old.dump(rows))
    assert (new["level"][loaded].tolist(), new["age"][loaded].tolist()) == ([4, 5], [60, 60])
    row = new.add(1)
    assert new["age"][row].tolist() == [3]
    again = Three()
    assert again.dump(again.load(new.dump(loaded))) == new.dump(loaded)


@pytest.mark.parametrize("version", [0, 3])
def test_an_added_column_does_not_make_other_versions_readable(version):
    data = _dump()
    with pytest.raises(TableMismatch):
        Three().load(data[:4] + version.to_bytes(2, "little") + data[6:])
