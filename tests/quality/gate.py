"""The gate: recall at a given rate of false alarms, from scores and the true incidents."""

from typing import NamedTuple

import numpy as np

REARM = 12  # quiet points after which an alarm is a new one
TOLERANCE = 5  # points after an incident in which an alarm still counts for it
RESAMPLES = 2000


class Case(NamedTuple):
    """One series: score per point (NaN = not judged), incidents as [start, end), and unlabelled doubt.

    doubt   points that are neither normal nor incidents to find (bool)
    kinds   name of each incident
    """

    score: np.ndarray
    incidents: list[tuple[int, int]]
    doubt: np.ndarray
    kinds: list[str]


class Outcome(NamedTuple):
    """What a threshold finds: `started` = an alarm starts inside, `hit` = any point above inside.

    time_on   share of normal time in alarm
    tally     incidents found and all of them, (case, 2)
    """

    threshold: float
    false_per_1000: float
    started: float
    hit: float
    delay: float
    time_on: float
    by_kind: dict[str, float]
    tally: np.ndarray


def alarm_starts(score: np.ndarray, threshold: float) -> np.ndarray:
    """Return the points at which an alarm starts."""
    above = np.flatnonzero(np.nan_to_num(score, nan=-np.inf) > threshold)
    fresh = np.diff(above, prepend=-REARM - 1) > REARM
    return above[fresh]


def normal_of(case: Case) -> np.ndarray:
    """Return which points are judged, outside of incidents and beyond doubt."""
    return ~np.isnan(case.score) & ~_inside(case) & ~case.doubt


def outcome_at(cases: list[Case], threshold: float) -> Outcome:
    """Count alarms of all cases at one threshold."""
    starts_false, normal_points, on = 0, 0, 0
    found: list[tuple[str, bool, bool, float]] = []
    tally = np.zeros((len(cases), 2))
    for at, case in enumerate(cases):
        normal, above = normal_of(case), np.nan_to_num(case.score, nan=-np.inf) > threshold
        starts = alarm_starts(case.score, threshold)
        starts_false += int(normal[starts].sum())
        normal_points += int(normal.sum())
        on += int((above & normal).sum())
        for kind, (start, end) in zip(case.kinds, case.incidents, strict=True):
            if not np.isnan(case.score[start:end]).all():
                found.append((kind, *_found(start, end + TOLERANCE, starts, above)))
                tally[at] += (found[-1][1], 1)
    kinds = sorted({f[0] for f in found})
    return Outcome(
        threshold,
        1000 * starts_false / max(normal_points, 1),
        _mean([f[1] for f in found]),
        _mean([f[2] for f in found]),
        float(np.median([f[3] for f in found if f[2]] or [np.nan])),
        on / max(normal_points, 1),
        {kind: _mean([f[1] for f in found if f[0] == kind]) for kind in kinds},
        tally,
    )


def threshold_at(cases: list[Case], false_per_1000: float) -> float:
    """Return the lowest threshold, coming from above, at which there are no more false alarms than this.

    Scores may have any scale; where the strangest are tied, no alarm may be the answer.
    """
    levels = np.unique(np.concatenate([case.score[~np.isnan(case.score)] for case in cases]))
    normals = [normal_of(case) for case in cases]
    allowed = false_per_1000 * sum(int(normal.sum()) for normal in normals) / 1000

    def too_many(level: int) -> bool:
        pairs = zip(cases, normals, strict=True)
        return sum(int(n[alarm_starts(c.score, levels[level])].sum()) for c, n in pairs) > allowed

    high, step = len(levels) - 1, 1
    while (low := max(high - step, 0)) > 0 and not too_many(low):
        high, step = low, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if too_many(middle) else (low, middle)
    return float(levels[high])


def outcome_at_false_rate(cases: list[Case], false_per_1000: float) -> Outcome:
    """Return the outcome of the lowest threshold that gives at most this many false alarms."""
    return outcome_at(cases, threshold_at(cases, false_per_1000))


def alarms_per_1000_days(cases: list[Case], threshold: float, points_a_day: float) -> float:
    """Return how many alarms start in normal time, per 1000 days of it."""
    normals = [normal_of(case) for case in cases]
    pairs = zip(cases, normals, strict=True)
    starts = sum(int(normal[alarm_starts(case.score, threshold)].sum()) for case, normal in pairs)
    return 1000 * points_a_day * starts / max(sum(int(normal.sum()) for normal in normals), 1)


def gain(ours: Outcome, theirs: Outcome, seed: int = 1) -> tuple[float, float]:
    """Return the 95 % interval of our recall less theirs on the same cases: a paired bootstrap over cases."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(ours.tally), (RESAMPLES, len(ours.tally)))
    found = [outcome.tally[drawn].sum(axis=1) for outcome in (ours, theirs)]
    shares = [f[:, 0] / np.maximum(f[:, 1], 1) for f in found]
    low, high = np.quantile(shares[0] - shares[1], [0.025, 0.975])
    return float(low), float(high)


def segments_of(label: np.ndarray) -> list[tuple[int, int]]:
    """Return the runs of a 0/1 column as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], label.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _mean(shares: list[bool]) -> float:
    return float(np.mean(shares)) if shares else float("nan")


def _inside(case: Case) -> np.ndarray:
    inside = np.zeros(len(case.score), bool)
    for start, end in case.incidents:
        inside[start : end + TOLERANCE] = True
    return inside


def _found(start: int, last: int, starts: np.ndarray, above: np.ndarray) -> tuple[bool, bool, float]:
    """Tell whether an alarm starts inside, whether any point is above, and after how many points."""
    hits = np.flatnonzero(above[start:last])
    started = bool(((starts >= start) & (starts < last)).any())
    return started, len(hits) > 0, float(hits[0]) if len(hits) else np.nan
