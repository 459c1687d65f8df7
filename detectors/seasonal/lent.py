"""What a row is lent for a moment: factors of its parent's season, and what they are worth."""

from typing import NamedTuple

from detectors.cells import Column32
from detectors.seasonal.pace import Rate


class LentSlot(NamedTuple):
    """What is lent for one half hour.

    weekday, weekend   the factor of a weekday; that of a weekend over it
    worth              of the factor of a weekday, and of a weekend: exposure over the noise of one point
    """

    weekday: Rate
    worth: Rate
    weekend: Rate
    weekend_worth: Rate


class Lent(NamedTuple):
    """What is lent to a row for the two half hours around a moment, and for its day of the week."""

    before: LentSlot
    after: LentSlot
    day: Rate
    offered: Column32 | None  # the parent's factor, taken or not; NaN or None without one


NO_SLOT = LentSlot(1.0, 0.0, 1.0, 0.0)
NOTHING = Lent(NO_SLOT, NO_SLOT, 1.0, None)
