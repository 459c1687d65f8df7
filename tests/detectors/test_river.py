import math

import numpy as np
import pytest
import river
from river import anomaly

from detectors import river_model
from detectors.river_codec import CODECS
from detectors.river_durable import build_river
from detectors.river_model import ADAPTERS, REFUSED, Input, RiverPanic, no_panic
from detectors.table import Context, TableMismatch

CONTEXT = Context(300, 0)


def given(value):
    return Input(value=value, bounded=value, standard=value, unit=1.0)


def run(table, rows, values):
    scores = []
    for value in values:
        column = np.full(len(rows), value)
        scores.append(table.score(rows, column, CONTEXT).score)
        table.learn(rows, column, CONTEXT)
    return np.array(scores)


def normal(n, seed=0):
    return np.random.default_rng(seed).normal(100, 5, n)


def fitted(name, n=400, **settings):
    model = ADAPTERS[name].build(**settings)
    for value in np.random.default_rng(1).normal(0, 1, n):
        ADAPTERS[name].feed(model, given(float(value)))
    return model


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("GaussianScorer", {}),
        ("StandardAbsoluteDeviation", {}),
        ("HalfSpaceTrees", {"window_size": 50, "seed": 1}),
        ("OneClassSVM", {}),
        ("LODA", {"n_random_cuts": 5, "seed": 1}),
    ],
)
def test_what_is_read_grows_from_the_norm_outwards(name, settings):
    model = fitted(name, **settings)
    read = [ADAPTERS[name].read(model, given(value)) for value in (0.0, 7.0)]
    assert read[0] < read[1]


def test_every_anomaly_class_of_river_has_an_adapter_or_a_reason_to_be_refused():
    classes = {name for name in vars(anomaly) if name[0].isupper()}
    assert classes == ADAPTERS.keys() | REFUSED.keys()
    for name, why in REFUSED.items():
        with pytest.raises(ValueError, match=why):
            build_river("value", name)


@pytest.mark.parametrize("name", ADAPTERS)
def test_on_normal_values_every_class_says_what_chance_says(name):
    table = build_river("value", name, {"n_random_cuts": 10} if name == "LODA" else {})
    rows, rng = table.add(4), np.random.default_rng(3)
    scores = []
    for column in rng.normal(100, 5, (3000, 4)):
        scores.append(table.score(rows, column, CONTEXT).score)
        table.learn(rows, column, CONTEXT)
    judged = np.array(scores[800:])
    assert 0.002 < (judged > -np.log(0.01)).mean() < 0.03
    assert (judged > -np.log(1e-3)).mean() < 0.005
    assert (judged > -np.log(1e-4)).mean() < 0.001


def test_gaussian_goes_on_ranking_where_its_own_score_is_one():
    model = fitted("GaussianScorer")
    assert model.score_one(None, 20.0) == model.score_one(None, 40.0) == 1.0
    near, far = (ADAPTERS["GaussianScorer"].read(model, given(value)) for value in (20.0, 40.0))
    assert near < far


def test_trees_say_nothing_before_their_first_window():
    assert math.isnan(ADAPTERS["HalfSpaceTrees"].read(fitted("HalfSpaceTrees", 249), given(9.0)))


def test_one_outlier_does_not_spoil_a_plain_mean():
    table = build_river("value", "GaussianScorer")
    rows = table.add(1)
    run(table, rows, [*normal(400), 1e12, *normal(50, 1)])
    assert run(table, rows, [160.0])[0, 0] > run(table, rows, [101.0])[0, 0] == 0


@pytest.mark.parametrize("offset", [0.0, 1e9, -1e-6])
def test_the_same_shape_at_any_place_is_ready_and_finite(offset):
    table = build_river("value", "HalfSpaceTrees", {"window_size": 30})
    scores = run(table, table.add(1), normal(200) + offset)
    assert np.isfinite(scores[-1]).all()


@pytest.mark.parametrize("growth", [1.0, 1.08, 1.5])
def test_what_stays_strange_is_no_alarm_for_ever(growth):
    table = build_river("value", "GaussianScorer")
    rows = table.add(1)
    run(table, rows, normal(400))
    scores = run(table, rows, 200 * growth ** np.arange(400))[:, 0]
    assert scores[0] > 8
    assert (scores[150:] < 8).all()


def test_a_panic_of_native_code_stops_with_a_name(monkeypatch):
    class PanicException(BaseException):
        """What River's native code raises."""

    def panic(model, it):
        raise PanicException("index out of bounds")

    broken = ADAPTERS["LODA"]._replace(read=panic)
    monkeypatch.setitem(river_model.ADAPTERS, "LODA", broken)
    table = build_river("value", "LODA")
    with pytest.raises(RiverPanic, match="LODA panicked: index out of bounds"):
        table.score(table.add(1), np.ones(1), CONTEXT)


def test_other_errors_pass_the_guard_as_they_are():
    with pytest.raises(KeyboardInterrupt), no_panic("LODA"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("n", [0, 1, 30, 75])
def test_a_codec_gives_the_same_model_back(name, n):
    settings = {"window_size": 50, "height": 4, "seed": 3} if name == "HalfSpaceTrees" else {}
    model, again = (ADAPTERS[name].build(**settings) for _ in range(2))
    values = np.random.default_rng(4).normal(0, 1, n + 100).tolist()
    for value in values[:n]:
        ADAPTERS[name].feed(model, given(value))
    CODECS[name].restore(again, CODECS[name].numbers(model))
    for value in values[n:]:
        read = [ADAPTERS[name].read(it, given(2.5)) for it in (model, again)]
        np.testing.assert_equal(*read)
        for it in (model, again):
            ADAPTERS[name].feed(it, given(value))


@pytest.mark.parametrize(
    ("name", "settings", "version"),
    [
        pytest.param("StandardAbsoluteDeviation", {}, river.__version__, id="another class"),
        pytest.param("HalfSpaceTrees", {"height": 3}, river.__version__, id="other parameters"),
        pytest.param("HalfSpaceTrees", {"height": 4}, "0.26.0", id="another version of River"),
    ],
)
def test_state_of_another_river_is_refused(name, settings, version, monkeypatch):
    table = build_river("value", "HalfSpaceTrees", {"height": 4})
    data = table.dump(table.add(2))
    monkeypatch.setattr(river, "__version__", version)
    with pytest.raises(TableMismatch, match=r"another class or version|other parameters"):
        build_river("value", name, settings).load(data)


def test_no_rows_are_stored_and_read():
    table = build_river("value", "GaussianScorer")
    assert len(table.load(table.dump(table.add(0)))) == 0


@pytest.mark.parametrize(
    ("name", "durable"), [("GaussianScorer", True), ("LODA", False), ("OneClassSVM", False)]
)
def test_what_has_no_codec_is_not_durable(name, durable):
    assert build_river("value", name).DURABLE is durable


def test_every_class_allowed_is_one_of_river():
    assert all(hasattr(anomaly, name) for name in ADAPTERS)
