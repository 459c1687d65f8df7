"""Moment: where in the week a window lies, as slots of the seasonal state."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.cells import Column32, Index
from detectors.table import Context, Floats

HALF_HOURS = 48
FINE_SLOTS = 288
WHOLE_DAY_S = 43_200.0  # windows from here on have the factor of their day and no shape


class Moment(NamedTuple):
    """Slots of a window's start in local time: ints for all rows, or one per row.

    before, after  the two half hours whose middles lie around it; `share` is the weight of `after`
    weekend        0 Monday to Friday, 1 Saturday and Sunday; 0 for windows that their weekday tells apart
    day            0 Monday to 6 Sunday
    half_hour      0 to 47
    fine           slot of the day for windows under half an hour (at most 288 a day)
    """

    before: Index
    after: Index
    share: float | Column32
    weekend: Index
    day: Index
    half_hour: Index
    fine: Index


def moment_of(context: Context) -> Moment:
    """Return the slots of the context's week_s."""
    if isinstance(context.week_s, float) and isinstance(context.step_s, float):
        return _moment_of_all(context.week_s, context.step_s)
    return _moment(context.week_s, context.step_s)


@lru_cache(maxsize=4096)  # a week of windows of five minutes, and of hours, and of days
def _moment_of_all(week_s: float, step_s: float) -> Moment:
    """Return the slots of a window of rows of one clock: several banks judge it, every week anew."""
    return _moment(week_s, step_s)


def _moment(weeks_s: float | Floats, steps_s: float | Floats) -> Moment:
    week_s = np.mod(np.asarray(weeks_s, dtype=np.float64), 604_800.0)
    step_s = np.asarray(steps_s, dtype=np.float64)
    if step_s.ndim and not week_s.ndim:
        week_s = np.broadcast_to(week_s, step_s.shape)
    day_s = np.mod(week_s, 86_400.0)
    day = np.floor(week_s / 86_400.0)
    place = HALF_HOURS * day_s / 86_400.0 - 0.5
    before = np.floor(place)
    fine = np.floor(day_s * np.minimum(FINE_SLOTS / 86_400.0, 1 / step_s))
    share = place - before
    return Moment(
        before=_index(before % HALF_HOURS),
        after=_index((before + 1) % HALF_HOURS),
        share=float(share) if share.ndim == 0 else share.astype(np.float32),
        weekend=_index((day >= 5) & (step_s < WHOLE_DAY_S)),
        day=_index(day),
        half_hour=_index(np.floor(day_s / 1800.0)),
        fine=_index(np.minimum(fine, FINE_SLOTS - 1)),
    )


def _index(value: NDArray[Any]) -> Index:
    return int(value) if value.ndim == 0 else value.astype(np.int64)
