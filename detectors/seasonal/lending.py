"""Lending: factors of a parent's season go to rows that have seen little of their own.

They stand behind a row's own half hours as if it had seen them, as often as they are worth. A row that is
young or thin has the shape of its parent, one that has seen enough has its own; neither the way there nor the
way back is a step.
"""

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


def lent_of(cells: Cells, kind: Kind, window: Window, loan: Loan | None) -> Lent:
    """Return what each row of the window may take over. Raises ValueError if they are on several clocks.

    Lenders whose season does not pay lend nothing, nor does anybody of half hours not seen. Rows that the
    season of their parent does not suit take nothing.
    """
    if loan is None or kind == "value":
        return NOTHING
    moment, pace = window.moment, window.pace
    if not isinstance(moment.before, int) or not isinstance(moment.after, int):
        raise ValueError("rows that borrow must share one clock")  # noqa: TRY004 (the contract is ValueError)
    lenders = cells.at(loan.lenders)
    base = level.level_of(lenders)
    prior, idle = prior_of(lenders, kind, base, pace), season.idle(lenders)
    before, after = (_slot(lenders, slot, prior, idle) for slot in (moment.before, moment.after))
    day = np.where(idle, 1, season.day_of(lenders, moment, pace, base, prior, 1.0))
    taker = np.where(season.trusting(cells), loan.lender, NOBODY)
    offered = _spread(_factor(moment, before, after) * day, loan.lender, np.nan)
    return Lent(_to_each(before, taker), _to_each(after, taker), _spread(day, taker, NOTHING.day), offered)


def _factor(moment: Moment, before: LentSlot, after: LentSlot) -> Column32:
    first, second = (slot.weekday * (slot.weekend if moment.weekend else 1) for slot in (before, after))
    return np.asarray((1 - moment.share) * first + moment.share * second)


def _slot(lenders: Cells, slot: int, prior: Prior, idle: Column32) -> LentSlot:
    weekday = season.weekday_of(lenders, slot, prior, NOTHING.before)
    weekend = season.weekend_of(lenders, slot, prior, weekday, NOTHING.before)
    worth, weekend_worth = (_worth(lenders, half, slot, prior) for half in (0, 1))
    told = LentSlot(weekday, worth, weekend / weekday, weekend_worth)
    return LentSlot(*(np.where(idle, none, one) for none, one in zip(NOTHING.before, told, strict=True)))


def _worth(lenders: Cells, half: int, slot: Index, prior: Prior) -> Column32:
    """Return what a factor is worth to another series; less where the lender has seen little."""
    seen = np.maximum(lenders.slot("profile_e", half, slot), 1e-9)
    worth: Column32 = 1 / (UNLIKE * UNLIKE + prior.noise / seen)
    return worth


def _to_each(slot: LentSlot, lender: NDArray[np.int64]) -> LentSlot:
    return LentSlot(*(_spread(one, lender, none) for one, none in zip(slot, NOTHING.before, strict=True)))


def _spread(lent: Rate, lender: NDArray[np.int64], nothing: Rate) -> Column32:
    """Return what is lent to each row; NOBODY is the last place."""
    return np.append(lent, nothing).astype(np.float32)[lender]
