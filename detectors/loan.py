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
    above     of each lender, the place of its own; it lends what it has itself been lent, too
    """

    lenders: Rows
    lender: NDArray[np.int64]
    above: NDArray[np.int64] | None = None

    def only(self, entries: NDArray[np.bool_]) -> "Loan":
        """Return the loan of some of the rows asked."""
        return self._replace(lender=self.lender[entries])
