"""Season: the shape of the day (half hours, weekdays and weekends apart) and of the week (seven factors)."""

from typing import NamedTuple

import numpy as np

from detectors.cells import Cells, Column32, Index
from detectors.columns import Column
from detectors.seasonal.lent import NO_SLOT, Lent, LentSlot
from detectors.seasonal.moment import HALF_HOURS, Moment
from detectors.seasonal.pace import Pace, Rate, rate
from detectors.seasonal.window import Window

LOWEST, HIGHEST = 0.002, 50.0  # of a half hour, against the level
DAY_LOWEST, DAY_HIGHEST = 0.002, 20.0  # of a day, against its half hours
WEEKEND_PRIOR = 10.0  # times the prior of a weekday's slot, towards that slot
CHANCE = 9.0  # variances within which a day's factor may be chance
FIRST = 0.05  # times its prior that is added after a first such day; three times after half of it
ONE_DAY = 0.5  # squared deviation that one day alone may show by accident: an outage, a promotion

COLUMNS = {
    "profile_x": Column("f4", (2, HALF_HOURS)),
    "profile_e": Column("f4", (2, HALF_HOURS)),
    "day_x": Column("f4", (7,)),
    "day_e": Column("f4", (7,)),
    "losses": Column("f4", (3,)),  # with level and season, with the level alone, with the mean
    "loss_lent": Column("f4"),
    "mean": Column("f4"),
}


class Prior(NamedTuple):
    """What stands behind a slot that has seen little: pseudo-exposure per slot, and per day and factor."""

    slot: Column32
    noise: Column32  # variance over mean of one point
    day: Column32


class Season(NamedTuple):
    """Factors of a moment against the level.

    slot    of the half hour
    day     of the day of the week
    used    the factor to expect with: slot * day, or 1 while that has not paid
    lent    the parent's; NaN or None without one
    """

    slot: Column32
    day: Column32
    used: Column32
    lent: Column32 | None


def season_of(cells: Cells, window: Window, level: Column32, prior: Prior, lent: Lent) -> Season:
    """Return the factors of this moment."""
    moment = window.moment
    weight = moment.share
    slot = (1 - weight) * _slot(cells, moment, moment.before, prior, lent.before)
    slot = np.clip(slot + weight * _slot(cells, moment, moment.after, prior, lent.after), LOWEST, HIGHEST)
    day = day_of(cells, moment, window.pace, level, prior, lent.day)
    used = np.where(idle(cells), 1, slot * day).astype(np.float32)
    return Season(slot, day, used, lent.offered)


def idle(cells: Cells) -> Column32:
    """Tell the rows whose season has not paid."""
    season, flat, _ = cells["losses"]
    return np.asarray(season > flat)


def trusting(cells: Cells) -> Column32:
    """Tell the rows that may have the shape of their parent, for all that they have seen."""
    _, flat, _ = cells["losses"]
    return np.asarray(cells["loss_lent"] <= flat)


def explained(cells: Cells) -> Column32:
    """Return the share of the variance that level and season explain, 0 to 1 (or less: they harm)."""
    season, flat, total = cells["losses"]
    best = np.minimum(season, flat)
    known = total > 1e-30
    unexplained = np.minimum(best, 10 * total) / np.where(known, total, 1)
    return np.where(known, 1 - unexplained, 0)


def learn_shape(cells: Cells, window: Window, gain: Column32, season: Season, level: Column32) -> None:
    """Take window.x as experience of its half hours and its day."""
    moment, pace, exposed = window.moment, window.pace, window.exposure * level
    for slot, share in ((moment.before, 1 - moment.share), (moment.after, moment.share)):
        pour = _Pour(cells, (moment.weekend, slot), gain * share, pace.profile)
        pour("profile_x", window.x)
        pour("profile_e", exposed * season.day)
    pour = _Pour(cells, (moment.day,), gain, pace.day)
    pour("day_x", window.x)
    pour("day_e", exposed * season.slot)


def learn_loss(cells: Cells, window: Window, shape: Season, flat: Column32) -> None:
    """Keep the books on whether the season pays, given the level (`flat`), and whether the parent's would."""
    x, points, pace = window.x / window.exposure, window.points, window.pace
    settled = points >= pace.settle
    weight = np.where(settled, rate(pace.loss, points + 1 - pace.settle), 0).astype(np.float32)
    mean, losses = np.where(points <= pace.settle, x, cells["mean"]), cells["losses"]
    limit = np.where((points > 2 * pace.warm) & (losses[0] > 0), 25 * losses[0], np.float32(1e30))
    if shape.lent is not None:
        offered, old = np.isfinite(shape.lent), cells["loss_lent"]
        square = np.minimum((x - flat * shape.lent) ** 2, limit)
        first = np.where(old == 0, losses[1], old)
        cells["loss_lent"] = np.where(offered, first + weight * (square - first), old)
    off = x - np.array([flat * shape.slot * shape.day, flat, mean])
    cells["losses"] = losses + weight * (np.minimum(off * off, limit) - losses)
    cells["mean"] = mean + weight * (x - mean)


class _Pour(NamedTuple):
    """Adds to a slot's sums, which leak."""

    cells: Cells
    key: tuple[Index, ...]
    gain: Column32
    leak: Rate

    def __call__(self, name: str, value: Column32) -> None:
        old = self.cells.slot(name, *self.key)
        self.cells.set_slot(name, old + self.gain * (value - self.leak * old), *self.key)


def weekday_of(cells: Cells, slot: Index, prior: Prior, lent: LentSlot) -> Column32:
    """Return the factor of a half hour from Monday to Friday.

    It is drawn to 1, or to what is lent and a third of a point's noise to 1.
    """
    if lent is NO_SLOT:
        return _mean(cells, 0, slot, prior.slot, prior.slot)
    flat, worth = prior.noise / 3, prior.noise * lent.worth
    centre = (flat + worth * lent.weekday) / (flat + worth)
    drawn = np.maximum(prior.slot, np.where(worth > 0, flat + worth, 0))
    return _mean(cells, 0, slot, drawn * centre, drawn)


def weekend_of(cells: Cells, slot: Index, prior: Prior, weekday: Column32, lent: LentSlot) -> Column32:
    """Return that of a weekend, drawn to the `weekday`'s while it has seen little."""
    drawn = WEEKEND_PRIOR * prior.slot + prior.noise * lent.weekend_worth
    return _mean(cells, 1, slot, drawn * weekday * lent.weekend, drawn)


def _slot(cells: Cells, moment: Moment, slot: Index, prior: Prior, lent: LentSlot) -> Column32:
    weekday = weekday_of(cells, slot, prior, lent)
    if isinstance(moment.weekend, int) and not moment.weekend:
        return weekday
    weekend = weekend_of(cells, slot, prior, weekday, lent)
    return weekend if isinstance(moment.weekend, int) else np.where(moment.weekend, weekend, weekday)


def _mean(cells: Cells, half: int, slot: Index, extra_x: Column32, extra_e: Column32) -> Column32:
    seen_x, seen_e = cells.slot("profile_x", half, slot), cells.slot("profile_e", half, slot)
    mean: Column32 = (seen_x + extra_x) / np.maximum(seen_e + extra_e, 1e-9)
    return mean


def day_of(  # noqa: PLR0917 (what a factor depends on)
    cells: Cells, moment: Moment, pace: Pace, level: Column32, prior: Prior, usual: Rate
) -> Column32:
    """Return the factor of a weekday: `usual` but for strong evidence, or what is plain on two such days.

    A factor that chance and one odd day cannot explain frees itself from its prior, so that a day on which a
    shop is always closed is learned in two weeks, while a small factor stays as strongly drawn to the usual.
    """
    day = moment.day
    seen_x, seen_e = cells.slot("day_x", day), cells.slot("day_e", day)
    known = np.maximum(seen_e, 1e-9)
    days = np.maximum(known * pace.days / np.maximum(level, 1e-9), 1e-3)
    ratio = np.maximum(seen_x / known, 0)
    moved = ratio / usual
    change = (moved - 1) / np.maximum(moved, 1)
    plain = change * change - CHANCE * prior.noise / known - ONE_DAY / days
    few = np.minimum(days, 100)  # after that nothing is left of the first ones
    cubed = np.maximum(few * few * few, 0.05)
    first = FIRST * pace.prior * prior.noise / (cubed * cubed)
    drawn = (prior.day + first) / (1 + pace.prior * np.maximum(plain, 0))
    factor: Column32 = np.clip((seen_x + drawn * usual) / (seen_e + drawn), DAY_LOWEST, DAY_HIGHEST)
    return factor
