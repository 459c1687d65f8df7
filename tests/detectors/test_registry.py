import pytest

from detectors.grading import CUTS
from detectors.novelty import Novelty
from detectors.registry import DETECTORS, build
from detectors.river import River
from detectors.seasonal import Seasonal
from detectors.threshold import Threshold

NATS = CUTS["value"]


@pytest.mark.parametrize(
    ("spec", "detector"),
    [
        pytest.param("seasonal", Seasonal, id="a name"),
        pytest.param({"seasonal": {}}, Seasonal, id="a name with no parameters"),
        pytest.param({"novelty": {"warm": 10}}, Novelty, id="a name with parameters"),
        pytest.param({"threshold": {"above": {"I": 3}}}, Threshold, id="grades are given by the caller"),
        pytest.param({"river": "HalfSpaceTrees", "window_size": 50}, River, id="a class of River"),
    ],
)
def test_a_spec_names_the_detector(spec, detector):
    assert isinstance(build(spec, "value", NATS), detector)


def test_the_names_are_those_of_the_classes():
    assert {name: detector.NAME for name, detector in DETECTORS.items()} == {name: name for name in DETECTORS}


def test_a_spec_is_not_consumed():
    spec = {"river": "HalfSpaceTrees", "window_size": 50}
    build(spec, "value", NATS)
    assert spec == {"river": "HalfSpaceTrees", "window_size": 50}


@pytest.mark.parametrize(
    ("spec", "kind", "message"),
    [
        pytest.param("seasnal", "value", "no detector 'seasnal'; allowed are seasonal, .*river", id="name"),
        pytest.param({"jump": {"ring": 3}}, "value", "no parameter 'ring'; it has none", id="no parameters"),
        pytest.param({"novelty": {"x": 1}}, "value", "no parameter 'x'; allowed are warm", id="parameter"),
        pytest.param({"jump": {}, "stuck": {}}, "value", "one name with its parameters", id="two names"),
        pytest.param({"threshold": 3}, "value", "as a mapping, not 3", id="not a mapping"),
        pytest.param({"threshold": {"above": 3}}, "value", "wrong type", id="bounds not a mapping"),
        pytest.param("silence", "ratio", "not 'ratio' series", id="kind"),
        pytest.param("river", "value", "name the class", id="river without class"),
        pytest.param(
            {"river": "HalfSpaceTree"}, "value", "no class 'HalfSpaceTree' .*LODA", id="no such class"
        ),
        pytest.param({"river": "ThresholdFilter"}, "value", "not safe.*allowed are", id="class not allowed"),
        pytest.param(
            {"river": "LODA", "bins": 3}, "value", "'bins' here; allowed are n_bins", id="river parameter"
        ),
        pytest.param({"river": "LODA", "n_bins": "3"}, "value", "must be a number", id="not a number"),
        pytest.param(
            {"river": "GaussianScorer", "window_size": 9},
            "value",
            "no parameter 'window_size'",
            id="windowed",
        ),
        pytest.param({"river": "LODA", "rows_max": 0}, "value", "whole number >= 1", id="rows_max"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_allowed(spec, kind, message):
    with pytest.raises(ValueError, match=message):
        build(spec, kind, NATS)


def test_rows_of_river_are_capped_and_the_message_says_what_to_do():
    table = build({"river": "GaussianScorer", "rows_max": 2}, "value", NATS)
    assert isinstance(table, River)
    rows = table.add(2)
    with pytest.raises(ValueError, match="at most 2 rows: watch fewer series"):
        table.add(1)
    table.drop(rows)
    assert len(table.add(2)) == 2
