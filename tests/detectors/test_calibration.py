import numpy as np
import pytest

from detectors.calibration import Tail
from detectors.cells import Cells
from detectors.columns import Columns


class Rig(Columns):
    NAME = "rig"

    def __init__(self, tail: Tail) -> None:
        super().__init__(tail.columns)
        self.tail = tail

    def cells(self, rows) -> Cells:
        return Cells(self._cells, rows)


def learned(tail: Tail, draws) -> tuple[Rig, Cells]:
    rig = Rig(tail)
    cells = rig.cells(rig.add(draws.shape[-1]))
    for v in draws.astype(np.float32):
        tail.learn(cells, v)
    return rig, cells


def test_scores_are_nats_of_the_tail_they_learned():
    draws = 1 + np.random.default_rng(1).pareto(5.0, (6000, 300))
    rig, cells = learned(Tail("t", prior_mean=0.2), draws)
    fresh = (1 + np.random.default_rng(2).pareto(5.0, (400, 300))).astype(np.float32)
    scores = np.array([rig.tail.score(cells, v) for v in fresh])
    for nats in (4.5, 6.0, 7.5):
        assert np.mean(scores > nats) == pytest.approx(np.exp(-nats), rel=0.6)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_a_tail_without_a_start_finds_the_scale_by_itself(scale):
    draws = np.random.default_rng(3).exponential(scale, (3000, 50))
    rig, cells = learned(Tail("t", start=None, floor=1e-9), draws)
    assert np.median(rig["t_q"]) == pytest.approx(-np.log(0.02) * scale, rel=0.25)
    assert (rig.tail.score(cells, np.full(50, 3 * scale, np.float32)) < 4.6).all()
    assert (rig.tail.score(cells, np.full(50, 100 * scale, np.float32)) > 8).all()


def test_few_exceedances_mean_a_heavy_tail():
    tail = Tail("t", settle=0)
    young, old = (learned(tail, np.random.default_rng(4).exponential(1, (n, 20))) for n in (120, 8000))
    far = np.full(20, 20, np.float32)
    assert np.median(tail.score(young[1], far)) < np.median(tail.score(old[1], far)) - 1


@pytest.mark.parametrize("excess", ["log", "linear"])
def test_level_is_the_inverse_of_score(excess):
    tail = Tail("t", streams=2, excess=excess)
    rig = Rig(tail)
    cells = rig.cells(rig.add(5))
    level = tail.level(cells, 9.4).astype(np.float32)
    assert level.shape == (2, 5)
    assert tail.score(cells, level) == pytest.approx(9.4, abs=1e-3)


def test_score_changes_nothing_and_rows_do_not_touch_each_other():
    tail = Tail("t", start=None, floor=1e-9, settle=10)
    rig, _ = learned(tail, np.random.default_rng(5).exponential(1, (50, 6)))
    before = rig.dump(np.arange(6))
    tail.score(rig.cells(np.arange(6)), np.full(6, 9, np.float32))
    assert rig.dump(np.arange(6)) == before
    tail.learn(rig.cells(np.array([4, 1])), np.full(2, 9, np.float32))
    untouched = np.array([0, 2, 3, 5])
    assert rig["t_seen"][untouched].tolist() == [50] * 4
    assert rig["t_seen"][[1, 4]].tolist() == [51] * 2


def test_a_row_that_scored_high_does_not_lift_its_own_tail_without_bound():
    tail = Tail("t", settle=0)
    rig, cells = learned(tail, np.random.default_rng(6).exponential(1, (500, 4)))
    q = rig["t_q"].copy()
    tail.learn(cells, np.full(4, 1e9, np.float32))
    assert (rig["t_q"] < 1.05 * q).all()
