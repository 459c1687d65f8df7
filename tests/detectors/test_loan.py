import numpy as np

from detectors.loan import NOBODY, Loan

LOAN = Loan(np.array([4, 9]), np.array([NOBODY, 1, 0]))


def test_some_of_the_rows_keep_their_lenders():
    some = LOAN.only(np.array([False, True, True]))
    assert some.lenders.tolist() == [4, 9]
    assert some.lender.tolist() == [1, 0]


def test_a_loan_is_the_same_if_it_says_the_same():
    assert LOAN.same(Loan(LOAN.lenders.copy(), LOAN.lender.copy()))
    assert not LOAN.same(Loan(LOAN.lenders, LOAN.lender[::-1]))
    assert not LOAN.same(None)
