"""Experience: what a reading teaches its rows. Everything here works with what was known before it."""

import numpy as np

from detectors import novelty, stuck
from detectors.cells import Cells, Column32
from detectors.seasonal import (
    adoption,
    cusum,
    evidence,
    fatigue,
    fine,
    level,
    noise,
    season,
    spikiness,
    sustained,
    unrest,
)
from detectors.seasonal.pace import Rate, per_clock, rate
from detectors.seasonal.reading import Reading

CAUTION = 0.5  # of the rate at which strange values teach
NOISE_CAUTION = 0.2  # likewise of what counts and ratios teach of noise, or incidents would be taken for it
CLIP = 3.0  # standard deviations beyond which a value teaches no more


def learn(reading: Reading, adopt_after_s: float) -> None:
    """Take the reading as experience; strange values teach less."""
    cells, window = reading.cells, reading.window
    strange = evidence.strange(reading.evidence)
    caution = np.where(strange, np.float32(CAUTION), np.float32(1))
    counted = reading.kind != "value"
    if counted:
        noisy = np.where(strange, np.float32(NOISE_CAUTION), np.float32(1))
    else:  # a value that alarms is followed as fast as others, for it may last, but is no measure of noise
        loud = _loud(reading)
        noisy = np.where(strange | loud, np.float32(CAUTION), np.float32(1))
    _learn_channels(reading, strange & counted)
    _learn_noise(reading, noisy)
    _learn_season(reading, caution)
    if counted:
        _learn_count(reading, noisy)
    else:
        _learn_value(reading, caution, loud)
    adoption.learn(cells, window.pace, strange, adopt_after_s)
    cells["points"] = window.points + 1


def _learn_channels(reading: Reading, untold: Column32) -> None:
    """Learn tails, but of rows that are `untold`, and spikiness."""
    cells, window, residual = reading.cells, reading.window, reading.residual
    settle = np.where(untold, np.float32(np.inf), np.asarray(2 * window.pace.warm, np.float32))
    evidence.TAIL.learn(cells, reading.evidence.tails, settle=settle)
    size = np.abs(residual.scaled).max(axis=0)
    spikiness.learn(cells, window, size * residual.spiky)


def _learn_noise(reading: Reading, caution: Column32) -> None:
    cells, window, expected, residual = reading.cells, reading.window, reading.expected, reading.residual
    settled = window.points >= window.pace.settle
    if not settled.any():
        return
    weight = np.where(settled, noise.weight_of(window.points, window.pace, caution), 0).astype(np.float32)
    clipped = residual.raw.clip(-6 * expected.sd, 6 * expected.sd)
    square = np.minimum(residual.raw * residual.raw, noise.OUTLIER * expected.variance)
    noise.learn_drift(cells, weight, clipped, expected.mean, window.exposure)
    noise.learn_scale(cells, weight, residual.z)
    noise.learn_wander(cells, weight, residual.z_plain)
    noise.learn_variance(cells, weight, expected.mean, square, noise.FLOORS[reading.kind])
    fine.learn(cells, window, residual.z_plain)


def _learn_season(reading: Reading, caution: Column32) -> None:
    cells, window, expected = reading.cells, reading.window, reading.expected
    shape = expected.season
    season.learn_loss(cells, window, shape, expected.level)
    clipped, shaping = _clipped(reading)
    # A level that one odd first value has made would stand in the shape for days.
    gain = np.where(window.points >= window.pace.shape, caution, np.float32(0))
    season.learn_shape(cells, window._replace(x=shaping), gain, shape, expected.level)
    pace: Rate = window.pace.level
    if reading.kind != "value":
        pace = level.pace_of_counts(cells, window.pace, window.exposure * expected.level)
    level.learn(cells, window, pace * caution, clipped, window.exposure * shape.used)


def _clipped(reading: Reading) -> tuple[Column32, Column32]:
    """Return x for the level, and for the shape, to which long windows may teach a zero quicker."""
    window, expected = reading.window, reading.expected
    width = CLIP * expected.sd + (reading.cells["unit"] if reading.kind == "count" else 0)
    deep = width * _depth(window.pace.step_s)
    high = np.minimum(window.x, expected.mean + width)
    learning = ~window.judged
    return (
        np.where(learning, window.x, np.maximum(high, expected.mean - width)),
        np.where(learning, window.x, np.maximum(high, expected.mean - deep)),
    )


@per_clock
def _depth(step_s: Rate) -> Column32:
    return np.asarray(np.sqrt(np.maximum(1, np.asarray(step_s) / 300)), np.float32)


def _learn_count(reading: Reading, caution: Column32) -> None:
    cells, window, said = reading.cells, reading.window, reading.evidence
    assert said.sums is not None  # noqa: S101 (counts and ratios have both)
    assert said.deviation is not None  # noqa: S101
    cusum.learn(cells, said.sums)
    sustained.learn(cells, said.deviation, window.pace)
    unrest.learn(cells, window, reading.residual.z_fine, caution)
    stuck.learn_count(cells, window.x, said.stuck)


def _learn_value(reading: Reading, caution: Column32, loud: Column32) -> None:
    cells, window, said = reading.cells, reading.window, reading.evidence
    assert said.gap is not None  # noqa: S101 (values have it)
    novelty.learn(cells, reading.plain, said.gap, window.points, window.pace.warm)
    stuck.learn_value(cells, reading.plain, window.points)
    judged = window.judged
    fatigue.learn(cells, window.pace, loud)
    weight = rate(window.pace.level * caution, window.points + 1)
    cells["size"] = cells["size"] + weight * (np.abs(window.x) - cells["size"])
    for name, pick in (("lowest", np.minimum), ("highest", np.maximum)):
        early = pick(cells[name], reading.plain)
        cells[name] = np.where(judged, cells[name], early)


def _loud(reading: Reading) -> Column32:
    """Tell the rows that alarm."""
    said = reading.evidence
    loud: Column32 = reading.window.judged & (np.maximum(said.up, said.down) > fatigue.LOUD)
    return loud


def needs_origin(cells: Cells, warm: float | Column32) -> Column32:
    """Tell the rows that went negative while young: they are to be counted from further down."""
    below = (cells["origin"] == 0) & (cells["lowest"] < 0) & (cells["points"] >= warm)
    return np.asarray(below)


def origin_of(cells: Cells) -> Column32:
    """Return what to add to such a row's values: its least value becomes twice its range."""
    low, high = cells["lowest"], cells["highest"]
    origin: Column32 = 2 * np.maximum(high - low, 1e-6 * np.abs(low)) - low
    return origin
