import numpy as np
import pytest

from detectors.joint import Joint
from detectors.registry import build
from detectors.table import Context, TableMismatch
from detectors.vector import RARE

MEANS = np.array([40.0, 80.0, 160.0, 320.0])
QUICK = {"window_size": 60, "height": 5}


def context(window):
    return Context(900.0, window * 900.0 % 604_800)


def counts(windows, seed=0, means=MEANS):
    """Return counts (window, part, 1) that rise and fall together."""
    rng = np.random.default_rng(seed)
    together = np.exp(rng.normal(0, 0.05, windows))
    return rng.poisson(together[:, None] * means).astype(float)[..., None]


def learned(windows=1400, means=MEANS):
    table = Joint(parts=len(means), **QUICK)
    rows = table.add(1)
    scores = []
    for window, column in enumerate(counts(windows, means=means)):
        scores.append(table.score(rows, column, context(window)).score[0])
        table.learn(rows, column, context(window))
    return table, rows, np.array(scores)


def follow(table, rows, factors, windows=6, start=1400):
    """Return the scores while the parts are at these factors."""
    scores = []
    for window, column in enumerate(counts(windows, seed=9), start):
        hit = column * np.array(factors)[:, None]
        scores.append(table.score(rows, hit, context(window)).score[0])
        table.learn(rows, hit, context(window))
    return scores


def test_parts_that_move_against_each_other_are_found_and_named():
    table, rows, scores = learned()
    assert max(follow(table, rows, [1, 1, 1.25, 0.75])) > max(9.4, np.nanmax(scores[200:]))
    moved = table.moved(int(rows[0]))
    assert {part for part, _ in moved[:2]} == {2, 3}
    assert dict(moved)[2] > 0.1
    assert dict(moved)[3] < -0.1


def test_on_normal_vectors_it_says_what_chance_says():
    _, _, scores = learned(windows=3000)
    judged = scores[1344:]
    assert 0.05 * 0.01 < (judged > -np.log(0.01)).mean() < 2 * 0.01
    assert (judged > -np.log(1e-5)).sum() == 0


def test_a_young_row_gives_no_more_than_the_mildest_grade():
    table, rows, _ = learned(windows=400)
    assert follow(table, rows, [1, 1, 3, 0.2], start=400)[-1] == 9.4


def test_the_trees_speak_later_than_the_distance():
    table = Joint(parts=4, **QUICK)
    rows = table.add(1)
    first = [None, None]
    for window, column in enumerate(counts(300)):
        for member, nats in enumerate(table.members(rows, column, context(window))):
            if first[member] is None and np.isfinite(nats[0]):
                first[member] = window
        table.learn(rows, column, context(window))
    assert first == [100, 160]


def test_what_is_shown_is_the_distance_over_its_usual_one():
    table, rows, _ = learned()
    normal, strange = (
        table.shown(rows, MEANS[:, None] * factor, context(1400)) for factor in (1.0, np.full((4, 1), 3.0))
    )
    assert normal[0] < 1.5 < strange[0]
    judged = table.score(rows, MEANS[:, None] * 1.0, context(1400))
    assert judged.expected[0] == 1
    assert judged.lower[0] == 0
    assert judged.upper[0] > 1


def test_a_part_that_hardly_ever_happens_is_left_out():
    table, rows, _ = learned(means=np.array([40.0, 80.0, 160.0, RARE / 100]))
    assert max(follow(table, rows, [1, 1, 1, 0.02])) < 9.4
    assert all(part != 3 for part, _ in table.moved(int(rows[0])))


def test_a_closed_window_is_not_judged_again():
    table, rows, _ = learned()
    old = table.score(rows, MEANS[:, None], context(1400))
    assert table.judge_again(old, np.array([9.0])) is old


def test_rows_are_capped():
    table = Joint(parts=2, rows_max=1)
    table.add(1)
    with pytest.raises(ValueError, match="at most 1 vectors"):
        table.add(1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"memory": 3}, "memory must be 16 vectors or more"),
        ({"window_size": 1}, "window_size must be 2 or more"),
        ({"height": 13}, "height 1 to 12"),
        ({"depth": 3}, "no parameter 'depth'"),
    ],
)
def test_a_wrong_parameter_is_told(given, message):
    with pytest.raises(ValueError, match=message):
        build({"joint": given}, "vector", (1, 2, 3, 4), 8)


def test_other_detectors_take_no_vectors_and_joint_takes_nothing_else():
    with pytest.raises(ValueError, match="not 'vector' series"):
        build("seasonal", "vector", (1, 2, 3, 4), 8)
    with pytest.raises(ValueError, match="not 'count' series"):
        build("joint", "count", (1, 2, 3, 4))


def test_rows_with_other_trees_are_refused():
    table, rows, _ = learned(windows=5)
    with pytest.raises(TableMismatch, match="other trees"):
        Joint(parts=4, window_size=60, height=6).load(table.dump(rows))
