"""The contract of a detector over all of them: add a line to DETECTORS and the suite covers it."""

import copy
import pickle
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from detectors.grading import CUTS
from detectors.phase import COLD, GROWN_S
from detectors.registry import DETECTORS, build
from detectors.river_model import ADAPTERS
from detectors.table import Context, Kind, Table, TableMismatch

STEP_S, WARM, ROWS = 900, 320, 2
KINDS: tuple[Kind, ...] = ("count", "ratio", "value", "vector")
NORM = {"count": 50.0, "ratio": 250.0, "value": 100.0, "vector": 50.0}
PARTS = 3  # of a vector
TRIALS = 500.0
BOUNDS = {"above": {"IV": 3.5, "I": 4.5}, "below": {"IV": -1}}  # of a ratio; of others, times the norm
SMALL = {  # River's classes, made quick
    "HalfSpaceTrees": {"window_size": 50, "height": 5},
    "LODA": {"n_random_cuts": 10},
    "GaussianScorer": {"grace_period": 20},
}
STRANGE = {"silence": (0.0, 6), "stuck": (None, 60)}  # (times the norm, windows); None: the last value again
QUICK = {"joint": {"window_size": 50, "height": 5}}
COSTLY = {"joint", *ADAPTERS}  # an object a row: fewer of them do
LASTING = {"silence": (0.0, 250)}


class Case(NamedTuple):
    """A detector and a kind of series it takes."""

    name: str
    kind: Kind

    @property
    def spec(self):
        if self.name == "threshold":
            unit = 1 if self.kind == "ratio" else NORM[self.kind]
            return {
                "threshold": {s: {g: b * unit for g, b in bounds.items()} for s, bounds in BOUNDS.items()}
            }
        if self.name in QUICK:
            return {self.name: QUICK[self.name]}
        if self.name in DETECTORS:
            return self.name
        return {"river": self.name} | SMALL.get(self.name, {})

    def build(self) -> Table:
        return build(self.spec, self.kind, CUTS[self.kind], PARTS if self.kind == "vector" else 1)

    @property
    def durable(self):
        return self.build().DURABLE


CASES = [Case(name, kind) for name, detector in DETECTORS.items() for kind in KINDS if kind in detector.KINDS]
CASES += [Case(name, kind) for name in ADAPTERS for kind in KINDS if kind != "vector"]
every = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.kind}")


def context_of(case, window, n=ROWS):
    exposure = np.full(n, TRIALS) if case.kind == "ratio" else None
    return Context(float(STEP_S), float(window * STEP_S % 604_800), exposure)


def shape_of(case, rows=ROWS):
    return (PARTS, rows) if case.kind == "vector" else (rows,)


def series(case, windows, rows=ROWS, seed=0):
    """Return normal values (window, row); those of vectors are (window, part, row)."""
    rng, shape = np.random.default_rng(seed), (windows, *shape_of(case, rows))
    if case.kind in {"count", "vector"}:
        return rng.poisson(NORM["count"], shape).astype(float)
    if case.kind == "ratio":
        return rng.binomial(int(TRIALS), 0.5, shape).astype(float)
    return rng.normal(NORM["value"], 5, shape).round(2)


def run(case, table, rows, values, start=0):
    """Score, then learn; return the scores (window, row)."""
    scores = []
    for window, column in enumerate(values, start):
        context = context_of(case, window, len(rows))
        scores.append(table.score(rows, column, context).score)
        table.learn(rows, column, context)
    return np.array(scores)


@cache
def _learned(case):
    table = case.build()
    rows = table.add(ROWS)
    return table, rows, run(case, table, rows, series(case, WARM))


def learned(case):
    """Return a table that knows ROWS normal series, its rows, and the scores on the way."""
    table, rows, scores = _learned(case)
    return copy.deepcopy(table), rows, scores


def strange(case, windows=None):
    """Return a strange continuation (window, row)."""
    times, length = STRANGE.get(case.name, (10.0, 1))
    last = series(case, WARM)[-1] if times is None else np.full(shape_of(case), times * NORM[case.kind])
    return np.repeat(last[None], windows or length, axis=0)


def state(case, table, rows):
    """Return all the state of rows, comparable."""
    return table.dump(rows) if case.durable else pickle.dumps(vars(table))


@every
def test_it_is_silent_while_warming_up_and_speaks_afterwards(case):
    _, _, scores = learned(case)
    assert np.isfinite(scores[-1]).all()
    if case.name != "threshold":
        assert np.isnan(scores[:5]).all()
    spoke = np.isfinite(scores)
    assert (spoke[1:] >= spoke[:-1]).all()


@every
def test_scoring_changes_nothing(case):
    table, rows, _ = learned(case)
    before = state(case, table, rows)
    for values in (strange(case)[0], series(case, 1, seed=3)[0]):
        table.score(rows, values, context_of(case, WARM))
    assert state(case, table, rows) == before


@every
def test_dump_and_load_in_mid_stream_give_equal_scores(case):
    table, rows, _ = learned(case)
    if not case.durable:
        with pytest.raises(TableMismatch, match="no codec"):
            table.dump(rows)
        return
    other = case.build()
    other.add(3)
    loaded = other.load(table.dump(rows))
    values = np.concatenate([series(case, 60, seed=2), strange(case)])
    np.testing.assert_array_equal(
        run(case, other, loaded, values, WARM), run(case, table, rows, values, WARM)
    )


@every
def test_what_was_dumped_by_another_is_refused(case):
    table, rows, _ = learned(case)
    if case.durable:
        data = table.dump(rows)
        for damaged in (data[:-1], b"\0" + data[1:], data + b"\0", b""):
            with pytest.raises(TableMismatch):
                case.build().load(damaged)


@every
def test_the_same_input_gives_the_same_scores(case):
    table = case.build()
    np.testing.assert_array_equal(run(case, table, table.add(ROWS), series(case, WARM)), learned(case)[2])


@every
def test_one_row_alone_is_judged_as_among_many(case):
    many = 5 if case.name in COSTLY else 1000
    windows = WARM if case.name in COSTLY else 80
    values = series(case, windows, many, seed=4)
    crowd, alone = case.build(), case.build()
    among = run(case, crowd, crowd.add(many), values)
    single = run(case, alone, alone.add(1), values[..., 3:4])
    np.testing.assert_allclose(single[:, 0], among[:, 3], rtol=1e-4, atol=1e-4)


@every
def test_the_order_of_rows_does_not_matter(case):
    table, rows, _ = learned(case)
    values = series(case, 1, seed=5)[0]
    context = context_of(case, WARM)
    straight, turned = (
        table.score(rows, values, context).score,
        table.score(rows[::-1], values[..., ::-1], context).score,
    )
    np.testing.assert_allclose(turned[::-1], straight, rtol=1e-5)


@every
def test_memory_a_row_is_constant(case):
    table, rows, _ = learned(case)
    if case.durable:
        fresh = case.build()
        assert len(table.dump(rows)) == len(fresh.dump(fresh.add(ROWS)))


@every
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_and_leaves_no_trace(case, bad):
    table, rows, _ = learned(case)
    before, good = state(case, table, rows), series(case, 1)[0]
    values, context = good.copy(), context_of(case, WARM)
    values[..., 1] = bad
    exposed = Context(float(STEP_S), 0.0, np.array([TRIALS, bad]))
    for call in (table.score, table.learn):
        with pytest.raises(ValueError, match="finite"):
            call(rows, values, context)
        with pytest.raises(ValueError, match="finite"):
            call(rows, good, exposed)
    assert state(case, table, rows) == before


@every
def test_what_is_strange_ranks_above_the_norm(case):
    table, rows, scores = learned(case)
    after = run(case, table, rows, strange(case), WARM)
    assert (np.max(after, axis=0) > np.nanmax(scores[-100:], axis=0)).all()


@every
@pytest.mark.parametrize("times", [1e-9, 1e12, -1e12])
def test_any_finite_value_gives_finite_evidence_on_both_sides(case, times):
    table, rows, _ = learned(case)
    judged = table.score(rows, np.full(shape_of(case), times * NORM[case.kind]), context_of(case, WARM))
    assert np.isfinite(judged.up).all()
    assert np.isfinite(judged.down).all()
    assert (np.minimum(judged.up, judged.down) >= 0).all()


@every
def test_a_lasting_shift_is_the_norm_in_bounded_time(case):
    if case.name == "threshold":
        return
    table, rows, _ = learned(case)
    times, windows = LASTING.get(case.name, (3.0, 450))
    scores = run(case, table, rows, times * series(case, windows, seed=6), WARM)
    assert np.nanmax(scores[-50:]) < CUTS[case.kind][0]


@every
@pytest.mark.parametrize("value", ["norm", 0.0])
def test_a_constant_series_gives_no_alarm(case, value):
    table = case.build()
    constant = np.full((WARM, *shape_of(case)), NORM[case.kind] if value == "norm" else value)
    scores = run(case, table, table.add(ROWS), constant)
    assert np.nanmax(np.nan_to_num(scores)) < CUTS[case.kind][0]


@every
def test_zero_is_a_value(case):
    table, rows, _ = learned(case)
    before = state(case, table, rows)
    zero, context = np.zeros(shape_of(case)), context_of(case, WARM)
    assert np.isfinite(table.score(rows, zero, context).score).all()
    table.learn(rows, zero, context)
    assert (state(case, table, rows) == before) == (case.name == "threshold")


@every
def test_a_dropped_row_is_reused_as_new(case):
    table, rows, _ = learned(case)
    table.drop(rows)
    assert len(table) == 0
    again = table.add(ROWS)
    assert sorted(again) == sorted(rows)
    np.testing.assert_array_equal(run(case, table, again, series(case, WARM)), learned(case)[2])


@every
def test_a_row_is_cold_while_it_is_silent_or_new_and_not_for_ever(case):
    table, rows, _ = learned(case)
    fresh = case.build()
    new = fresh.add(ROWS)
    values, context = series(case, 1, seed=8)[0], context_of(case, WARM)

    def is_cold(of, at, age_s):
        phases = of.phases(at, of.score(at, values, context), np.full(ROWS, age_s), context)
        return (phases == COLD).tolist()

    assert is_cold(fresh, new, GROWN_S) == [case.name != "threshold"] * ROWS
    assert is_cold(table, rows, 0.0) == [table.CAUTIOUS] * ROWS
    assert is_cold(table, rows, GROWN_S) == [False] * ROWS
