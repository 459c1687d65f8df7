import numpy as np

from detectors.loan import NOBODY, Loan

LOAN = Loan(np.array([4, 9]), np.array([NOBODY, 1, 0]))


def test_some_of_the_rows_keep_their_lenders():
    some = LOAN.only(np.array([False, True, True]))
    assert some.lenders.tolist() == [4, 9]
    assert some.lender.tolist() == [1, 0]
