"""Lending: factors of a parent's season go to rows that have seen little of their own.

They stand behind a row's own half hours as if it had seen them, as often as they are worth. A row that is
young or thin has the shape of its parent, one that has seen enough has its own; neither the way there nor the
way back is a step.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.cells import Cells, Column32, Index
from detectors.loan import NOBODY, Loan
from detectors.seasonal import level, season
from detectors.seasonal.expectation import prior_of
from detectors.seasonal.lent import NOTHING, Lent, LentSlot
from detectors.seasonal.moment import Moment
from detectors.seasonal.pace import Rate
from detectors.seasonal.season import Prior
from detectors.seasonal.window import Window
from detectors.table import Kind

UNLIKE = 0.8  # how far a child's factors lie from its parent's, as a share


class Offer(NamedTuple):
    """What each lender has for others: its two half hours around a moment, its day, and all in one factor."""

    before: LentSlot
    after: LentSlot
    day: Column32
    factor: Column32


def lent_of(cells: Cells, kind: Kind, window: Window, loan: Loan | None) -> Lent:
    """Return what each row of the window may take over. Raises ValueError if they are on several clocks.

    Lenders whose season does not pay lend nothing, nor does anybody of half hours not seen. Rows that the
    season of their parent does not suit take nothing.
    """
    if loan is None or kind == "value":
        return NOTHING
    moment = window.moment
    if not isinstance(moment.before, int) or not isinstance(moment.after, int):
        raise ValueError("rows that borrow must share one clock")  # noqa: TRY004 (the contract is ValueError)
    lenders = cells.at(loan.lenders)
    offer = _offer(lenders, kind, window, NOTHING)
    if loan.above is not None:
        offer = _offer(lenders, kind, window, _taken(offer, lenders, loan.above))
    return _taken(offer, cells, loan.lender)


def _offer(lenders: Cells, kind: Kind, window: Window, lent: Lent) -> Offer:
    """Return what each lender has, given what it is lent itself."""
    moment, base = window.moment, level.level_of(lenders)
    prior, idle = prior_of(lenders, kind, base, window.pace), season.idle(lenders)
    before = _slot(lenders, moment.before, prior, idle, lent.before)
    after = _slot(lenders, moment.after, prior, idle, lent.after)
    day = np.where(idle, 1, season.day_of(lenders, moment, window.pace, base, prior, lent.day))
    return Offer(before, after, day, _factor(moment, before, after) * day)


def _taken(offer: Offer, takers: Cells, lender: NDArray[np.int64]) -> Lent:
    """Return what each row takes of what its lender offers."""
    taker = np.where(season.trusting(takers), lender, NOBODY)
    before, after = _to_each(offer.before, taker), _to_each(offer.after, taker)
    return Lent(before, after, _spread(offer.day, taker, NOTHING.day), _spread(offer.factor, lender, np.nan))


def _factor(moment: Moment, before: LentSlot, after: LentSlot) -> Column32:
    first, second = (slot.weekday * (slot.weekend if moment.weekend else 1) for slot in (before, after))
    return np.asarray((1 - moment.share) * first + moment.share * second)


def _slot(lenders: Cells, slot: Index, prior: Prior, idle: Column32, lent: LentSlot) -> LentSlot:
    weekday = season.weekday_of(lenders, slot, prior, lent)
    weekend = season.weekend_of(lenders, slot, prior, weekday, lent)
    worth = _worth(lenders, 0, slot, prior, lent.worth)
    weekend_worth = _worth(lenders, 1, slot, prior, lent.weekend_worth)
    told = LentSlot(weekday, worth, weekend / weekday, weekend_worth)
    return LentSlot(*(np.where(idle, none, one) for none, one in zip(NOTHING.before, told, strict=True)))


def _worth(lenders: Cells, half: int, slot: Index, prior: Prior, lent: Rate) -> Column32:
    """Return what a factor is worth to others; less where the lender has seen and been lent little."""
    seen = np.maximum(lenders.slot("profile_e", half, slot) + prior.noise * lent, 1e-9)
    worth: Column32 = 1 / (UNLIKE * UNLIKE + prior.noise / seen)
    return worth


def _to_each(slot: LentSlot, lender: NDArray[np.int64]) -> LentSlot:
    return LentSlot(*(_spread(one, lender, none) for one, none in zip(slot, NOTHING.before, strict=True)))


def _spread(lent: Rate, lender: NDArray[np.int64], nothing: Rate) -> Column32:
    """Return what is lent to each row; NOBODY is the last place."""
    return np.append(lent, nothing).astype(np.float32)[lender]
