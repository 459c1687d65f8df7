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


def test_what_a_drift_was_can_be_asked():
    drift = Drift()
    rows = drift.add(1)
    assert drift.level(0) is None
    scores = np.concatenate([np.tile([0.5, 1.5], 150), np.tile([3.5, 4.5], 30)])
    assert feed(drift, rows, scores[:, None]).any()
    level = drift.level(0)
    assert level.before == pytest.approx(1, abs=0.1)
    assert level.after > 2.5  # the cut is a coarse one
    assert 0 < level.length <= 60


@pytest.mark.parametrize("at", [1, 100, 511, 512, 700])
def test_a_loaded_row_goes_on_as_the_dumped_one(at):
    rng = np.random.default_rng(2)
    scores = rng.exponential(1, (1500, 1))
    scores[800:] += 2
    drift, other = Drift(), Drift()
    rows = drift.add(1)
    feed(drift, rows, scores[:at])
    other.add(2)
    loaded = np.array([other.load(drift.dump(0))])
    np.testing.assert_array_equal(feed(other, loaded, scores[at:]), feed(drift, rows, scores[at:]))
    assert other.dump(int(loaded[0])) == drift.dump(0)


def test_more_than_is_kept_is_refused():
    with pytest.raises(ValueError, match="at most 8 are kept"):
        Drift(Settings(kept=8)).load(bytes(4 * 9))


def test_rows_are_capped_and_dropped_ones_refused():
    drift = Drift(Settings(rows_max=1))
    rows = drift.add(1)
    with pytest.raises(ValueError, match="at most 1 rows"):
        drift.add(1)
    drift.drop(rows)
    with pytest.raises(ValueError, match="was dropped"):
        drift.update(rows, np.ones(1))
