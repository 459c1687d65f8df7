"""A loan: rows whose shape of day and week others take over as far as they have none of their own."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows

NOBODY = -1


class Loan(NamedTuple):
    """Who lends to whom in one window, all rows being of one table and on one clock.

    lenders   rows that lend
    lender    of each row asked, its place in `lenders`; NOBODY: it has none
    """

    lenders: Rows
    lender: NDArray[np.int64]

    def only(self, entries: NDArray[np.bool_]) -> "Loan":
        """Return the loan of some of the rows asked."""
        return Loan(self.lenders, self.lender[entries])
