import csv
import gzip

import numpy as np
import pytest

from detectors.grading import CUTS
from detectors.registry import build
from streams.detect.zone import Zone
from streams.recorded.score import COLUMNS, Scored, score, write
from streams.recorded.series_file import Series

UTC = Zone("UTC")


def series(values, start_s=0, step_s=300, exposure=None):
    values = np.asarray(values, float)
    stamps = start_s + step_s * np.arange(len(values))
    trials = None if exposure is None else np.asarray(exposure, float)
    texts = [str(value) for value in values]
    return Series("series.csv", [str(at) for at in stamps], texts, stamps * 1000, values, trials)


def run(files, spec="seasonal", kind="value"):
    return score(files, build(spec, kind, CUTS[kind]), UTC)


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(100, 5, n)


@pytest.mark.parametrize("spec", ["seasonal", "novelty", "jump", {"river": "GaussianScorer"}])
def test_a_file_in_a_folder_is_scored_as_alone(spec):
    files = [series(noise(300, 1)), series(noise(250, 2), 7_000, 60), series(noise(400, 3), 0, 3_600)]
    files[1].values[50:60] = np.nan
    together = run(files, spec)
    for file, among in zip(files, together, strict=True):
        (alone,) = run([file], spec)
        np.testing.assert_allclose(among.nats, alone.nats, rtol=1e-4, atol=1e-4)
        assert len(among.nats) == len(file.values)


@pytest.mark.parametrize("spec", ["seasonal", "novelty", "stuck", {"river": "StandardAbsoluteDeviation"}])
def test_no_line_is_judged_by_what_comes_later(spec):
    values = noise(400)
    (whole,), (begin,) = run([series(values)], spec), run([series(values[:250])], spec)
    np.testing.assert_array_equal(whole.nats[:250], begin.nats)


def test_a_missing_value_has_no_score_and_teaches_nothing():
    values = np.insert(noise(200), 150, np.nan)
    scored = run([series(values)])[0].nats
    assert np.isnan(scored[150])
    np.testing.assert_array_equal(scored[:150], run([series(noise(200))])[0].nats[:150])


def test_a_file_without_any_value_has_no_score():
    empty, full = run([series([np.nan] * 80), series(noise(100))])
    assert np.isnan(empty.nats).all()
    assert np.isfinite(full.nats[-1])


def test_trials_reach_the_detector():
    trials = np.full(200, 1000.0)
    trials[100] = 0
    (scored,) = run([series(trials * 0.5, exposure=trials)], "jump", "ratio")
    assert np.isnan(scored.nats[100])
    assert scored.expected[-1] == pytest.approx(0.5, rel=0.01)


def test_progress_counts_every_line_once():
    steps = []
    score([series(noise(30)), series(noise(50))], build("jump", "value", CUTS["value"]), UTC, steps.append)
    assert sum(steps) == 80


def test_score_and_p_follow_from_nats():
    nats = np.array([0.0, np.log(10), 9 * np.log(10), 60.0, np.nan])
    scored = Scored(nats, nats, nats, nats)
    np.testing.assert_allclose(scored.score[:3], [0, 0.5, 0.9])
    np.testing.assert_allclose(scored.p[:3], [1, 0.1, 1e-9])
    assert scored.score[3] < 1
    assert scored.grade("value").tolist() == [0, 0, 4, 4, 0]


@pytest.mark.parametrize("name", ["a/b/scores.csv", "scores.csv.gz"])
def test_a_line_is_written_for_each_line_and_warming_up_is_empty(tmp_path, name):
    nan = np.nan
    said = Scored(*np.array([[nan, 2.302585093, 30.0], [nan, nan, 2 / 3], [nan, 1, 0], [nan, 2, 1e-12]]))
    write(tmp_path / name, series([1, 2, 3]), said, "value")
    opened = gzip.open if name.endswith(".gz") else open
    with opened(tmp_path / name, "rt", newline="") as file:
        lines = list(csv.reader(file))
    assert lines == [
        list(COLUMNS),
        ["0", "1.0", "", "", "", "", "", ""],
        ["300", "2.0", "0.500000000", "0.1", "", "1", "2", "0"],
        ["600", "3.0", "0.928718241", "9.35762297e-14", "0.666666667", "0", "1e-12", "4"],
    ]


@pytest.mark.parametrize(
    "stamp",
    ["2026-01-05T00:00:00,500", '2026-01-05"00:00', "2026-01-05\n00:00"],
    ids=["comma", "quote", "line"],
)
def test_a_stamp_that_csv_must_quote_is_read_back_as_it_was(tmp_path, stamp):
    one = series([1])._replace(stamps=[stamp])
    write(tmp_path / "scores.csv", one, Scored(*np.ones((4, 1))), "value")
    with (tmp_path / "scores.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["timestamp"] == stamp
