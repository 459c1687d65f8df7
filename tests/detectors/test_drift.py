import numpy as np
import pytest

from detectors.drift import Drift, Settings


def feed(drift, rows, columns):
    return np.array([drift.update(rows, np.asarray(scores, float)) for scores in columns])


def test_a_new_level_of_scores_is_a_drift_of_that_row_only():
    rng = np.random.default_rng(1)
    scores = rng.exponential(1, (1000, 2))
    scores[500:, 1] += 3
    drift = Drift()
    drifted = feed(drift, drift.add(2), scores)
    assert not drifted[:500].any()
    assert not drifted[:, 0].any()
    assert drifted[500:600, 1].any()


def test_one_enormous_score_is_not_a_drift():
    scores = np.ones((400, 1))
    scores[200] = 1e9
    drift = Drift()
    assert not feed(drift, drift.add(1), scores).any()


def test_a_row_that_warms_up_is_passed_over():
    drift = Drift()
    assert not feed(drift, drift.add(1), [[np.nan]] * 100 + [[1.0]] * 100).any()


def test_a_dropped_row_is_reused_empty():
    drift = Drift()
    rows = drift.add(1)
    feed(drift, rows, np.zeros((300, 1)))
    drift.drop(rows)
    again = drift.add(1)
    assert again.tolist() == rows.tolist()
    assert not feed(drift, again, np.full((300, 1), 5.0)).any()


def test_rows_are_capped_and_dropped_ones_refused():
    drift = Drift(Settings(rows_max=1))
    rows = drift.add(1)
    with pytest.raises(ValueError, match="at most 1 rows"):
        drift.add(1)
    drift.drop(rows)
    with pytest.raises(ValueError, match="was dropped"):
        drift.update(rows, np.ones(1))
