"""The gate: recall at a given rate of false alarms, from scores and the true incidents."""

from typing import NamedTuple

import numpy as np

REARM = 12  # quiet points after which an alarm is a new one
TOLERANCE = 5  # points after an incident in which an alarm still counts for it


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
    """What a threshold finds: `started` = an alarm starts inside, `hit` = any point above inside."""

    threshold: float
    false_per_1000: float
    started: float
    hit: float
    delay: float
    time_on: float
    by_kind: dict[str, float]


def alarm_starts(score: np.ndarray, threshold: float) -> np.ndarray:
    """Return the points at which an alarm starts."""
    above = np.flatnonzero(np.nan_to_num(score, nan=-1.0) > threshold)
    fresh = np.diff(above, prepend=-REARM - 1) > REARM
    return above[fresh]


def outcome_at(cases: list[Case], threshold: float) -> Outcome:
    """Count alarms of all cases at one threshold."""
    starts_false, normal_points, on = 0, 0, 0
    found: list[tuple[str, bool, bool, float]] = []
    for case in cases:
        judged = ~np.isnan(case.score)
        normal = judged & ~_inside(case) & ~case.doubt
        above = np.nan_to_num(case.score, nan=-1.0) > threshold
        starts = alarm_starts(case.score, threshold)
        starts_false += int(normal[starts].sum())
        normal_points += int(normal.sum())
        on += int((above & normal).sum())
        for kind, (start, end) in zip(case.kinds, case.incidents, strict=True):
            if judged[start:end].any():
                found.append((kind, *_found(start, end + TOLERANCE, starts, above)))
    kinds = sorted({f[0] for f in found})
    return Outcome(
        threshold,
        1000 * starts_false / max(normal_points, 1),
        float(np.mean([f[1] for f in found])),
        float(np.mean([f[2] for f in found])),
        float(np.median([f[3] for f in found if f[2]] or [np.nan])),
        on / max(normal_points, 1),
        {kind: float(np.mean([f[1] for f in found if f[0] == kind])) for kind in kinds},
    )


def outcome_at_false_rate(cases: list[Case], false_per_1000: float) -> Outcome:
    """Return the outcome of the lowest threshold that gives at most this many false alarms."""
    low, high = 0.5, 200.0
    for _ in range(26):
        middle = (low + high) / 2
        if outcome_at(cases, middle).false_per_1000 > false_per_1000:
            low = middle
        else:
            high = middle
    return outcome_at(cases, high)


def line(name: str, outcome: Outcome, reference: str = "") -> str:
    """Return one row of a report."""
    return (
        f"{name:28s} thr {outcome.threshold:6.2f}  FA/1000 {outcome.false_per_1000:5.3f}  "
        f"recall {outcome.started:.3f} (any {outcome.hit:.3f})  delay {outcome.delay:3.0f}  "
        f"on {100 * outcome.time_on:.2f} %  {reference}"
    )


def segments_of(label: np.ndarray) -> list[tuple[int, int]]:
    """Return the runs of a 0/1 column as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], label.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


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
