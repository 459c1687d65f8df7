import numpy as np
import pytest

from detectors.cells import Cells


def columns():
    return {"flat": np.arange(6, dtype=np.float32), "deep": np.arange(24, dtype=np.float32).reshape(4, 6)}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([1, 2, 3], id="next to each other"),
        pytest.param([5, 0, 3], id="in any order"),
        pytest.param([3, 2, 1], id="descending"),
        pytest.param([4], id="one"),
        pytest.param([0, 2, 1, 3], id="a permutation of a range"),
        pytest.param([], id="none"),
    ],
)
def test_reads_and_writes_meet_the_rows_asked(rows):
    state, rows = columns(), np.array(rows, dtype=np.int64)
    cells = Cells(state, rows)
    assert cells["flat"].tolist() == rows.tolist()
    assert cells["deep"].shape == (4, len(rows))
    cells["flat"] = cells["flat"] + 100
    expected = np.arange(6)
    expected[rows] += 100
    assert state["flat"].tolist() == expected.tolist()


def test_a_slot_is_the_same_for_all_rows_or_one_each():
    state, rows = columns(), np.array([1, 2, 3])
    cells = Cells(state, rows)
    assert cells.slot("deep", 2).tolist() == [13, 14, 15]
    assert cells.slot("deep", np.array([0, 1, 3])).tolist() == [1, 8, 21]
    cells.set_slot("deep", -1, np.array([0, 1, 3]))
    assert np.argwhere(state["deep"] == -1).tolist() == [[0, 1], [1, 2], [3, 3]]
