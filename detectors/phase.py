"""Phase: how well a row knows its series, and what it may therefore say."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PHASES = ("cold", "warming", "ready", "frozen")
COLD, WARMING, READY, FROZEN = range(len(PHASES))
GRADE_MAX_COLD = 1  # grade IV: listed, pages nobody
YOUNG_DAYS = 14.0  # of experience: two of every day of the week
GAP_MAX_S = 86_400.0  # a longer time between two observations is worth a day of experience
GROWN_S = 60 * 86_400.0  # experience is not counted beyond

# Days of experience after which a day of the week, Monday first, is familiar.
WEEK = np.full(7, 7.0)  # every hour of the week has been seen
# Working days resemble each other, so one is enough for the next. Saturdays and Sundays are of their own. A
# Monday follows the weekend, which a young level has taken for the norm: one such Monday must have been seen.
SHAPE = np.array([8.0, 1.0, 1.0, 1.0, 1.0, 7.0, 7.0])

Phases = NDArray[np.int8]


def phases_of(
    silent: NDArray[np.bool_], age_s: NDArray[Any], week_s: float | NDArray[Any], familiar: NDArray[Any]
) -> Phases:
    """Return the phase of rows of this experience (seconds) in a window at `week_s`.

    cold      there is no score yet, or nothing like this hour of such a day has been seen
    warming   until 14 days: what it says is taken with care, the shape of the week is known by halves
    ready     everything else

    silent    rows without a score
    familiar  days of experience that each day of the week takes, Monday first
    """
    days = age_s / 86_400.0
    weekday = (np.asarray(week_s) % 604_800.0 // 86_400.0).astype(np.int64)
    cold = silent | (days < familiar[weekday])
    phases: Phases = np.where(cold, COLD, np.where(days < YOUNG_DAYS, WARMING, READY)).astype(np.int8)
    return phases


def grown(age_s: NDArray[Any], since_ms: NDArray[np.int64], end_ms: int) -> NDArray[np.float64]:
    """Return the experience of rows that observe another window, the last one having ended at `since_ms`.

    It is the time since the first observation, but what was missed for longer than a day counts as a day.
    since_ms: 0 for rows that have observed nothing
    """
    gap_s = np.clip((end_ms - since_ms) / 1000, 0, GAP_MAX_S)
    return np.asarray(np.minimum(age_s + np.where(since_ms > 0, gap_s, 0.0), GROWN_S))
