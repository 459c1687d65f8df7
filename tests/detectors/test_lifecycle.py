import numpy as np
import pytest

from detectors.alert import CHANGES
from detectors.lifecycle import Lifecycle

ROW = np.array([0])


def run(raw, *, eased=None, persistence=1, resolve_after=3, step_s=300):
    """Return the names of the changes of one row, '' for a window without one."""
    life = Lifecycle()
    life.add(1)
    changes = []
    for i, (grade, kept) in enumerate(zip(raw, eased or raw, strict=True)):
        window = (i * step_s * 1000, (i + 1) * step_s * 1000)
        change = life.step(
            ROW,
            np.array([grade], np.int8),
            np.array([kept], np.int8),
            np.array([-1], np.int8),
            persistence=np.array([persistence], np.int16),
            resolve_after=np.array([resolve_after], np.int16),
            window=window,
        )[0]
        changes.append(CHANGES[change - 1] if change else "")
    return changes, life


@pytest.mark.parametrize(
    ("raw", "changes"),
    [
        pytest.param([0, 2, 2, 0, 0, 0], ["", "opened", "", "", "", "resolved"], id="opens and resolves"),
        pytest.param([1, 3, 4], ["opened", "escalated", "escalated"], id="escalates at once"),
        pytest.param(
            [4, 2, 1, 2], ["opened", "", "", "downgraded"], id="is downgraded to the worst of the run"
        ),
        pytest.param([2, 0, 0, 2, 0, 0], ["opened", "", "", "", "", ""], id="a short calm resolves nothing"),
        pytest.param([0, 0, 0], ["", "", ""], id="nothing happens to the normal"),
        pytest.param([2, 2, 2, 2], ["opened", "", "", ""], id="no news is no news"),
    ],
)
def test_an_alert_lives_by_the_rules(raw, changes):
    assert run(raw)[0] == changes


def test_a_single_window_does_not_open_where_two_are_asked_for():
    assert run([2, 0, 2, 2], persistence=2)[0] == ["", "", "", "opened"]


def test_since_is_the_first_strange_window_not_the_one_that_opened():
    _, life = run([0, 2, 2], persistence=2)
    assert life["since"][0] == 300_000
    assert life["opened_end"][0] == 900_000


def test_the_margin_keeps_an_alert_open():
    assert run([2, 0, 0, 0], eased=[2, 2, 2, 2])[0] == ["opened", "", "", ""]


def test_a_flapping_series_is_told_as_one_long_episode():
    flapping = [2, 0, 0, 0] * 6
    changes, _ = run(flapping)
    assert changes.count("opened") < 4
    assert changes[:4] == ["opened", "", "", "resolved"]


def test_sequences_count_the_changes_of_an_episode():
    _, life = run([1, 2, 3])
    assert life["sequence"][0] == 2


def test_state_survives_dump_and_load_in_the_middle_of_an_episode():
    _, life = run([2, 0, 0])
    other = Lifecycle()
    rows = other.load(life.dump(ROW))
    change = other.step(
        rows,
        np.array([0], np.int8),
        np.array([0], np.int8),
        np.array([1], np.int8),
        persistence=np.array([1], np.int16),
        resolve_after=np.array([3], np.int16),
        window=(900_000, 1_200_000),
    )
    assert CHANGES[change[0] - 1] == "resolved"


def test_a_window_of_rest_comes_to_the_same_as_any_other():
    rng = np.random.default_rng(5)
    rows, side = np.arange(4), np.full(4, -1, np.int8)
    patience = {"persistence": np.full(4, 2, np.int16), "resolve_after": np.full(4, 2, np.int16)}
    plain, quick, rested = Lifecycle(), Lifecycle(), 0
    plain.add(4)
    quick.add(4)
    for i in range(400):
        raw = (rng.integers(1, 4, 4) * (rng.random(4) < 0.1)).astype(np.int8)
        window = (i * 300_000, (i + 1) * 300_000)
        expected = plain.step(rows, raw, raw, side, window=window, **patience)
        if quick.rest(rows, raw, window):
            rested += 1
            assert not expected.any()
        else:
            assert quick.step(rows, raw, raw, side, window=window, **patience).tolist() == expected.tolist()
        assert quick.dump(rows) == plain.dump(rows)
    assert 50 < rested < 350
