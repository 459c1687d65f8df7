"""Leases: batches in order, bounded, and void once closed."""

import pytest

from streams.machine import Record
from streams.runner.lease import QUEUED_MAX, BatchLost, Lease


class Roomy:
    room = True


def records(first, count):
    return [Record(first + i, 0, None, b"") for i in range(count)]


def test_batches_follow_each_other_over_the_gaps_that_markers_leave():
    lease = Lease(None, 10)
    assert lease.hand(records(12, 3)).follows == 10
    batch = lease.hand(records(20, 1))
    assert (batch.follows, batch.end) == (15, 21)


def test_records_from_before_the_position_are_never_handed_on():
    lease = Lease(None, 10)
    with pytest.raises(BatchLost):
        lease.hand(records(9, 3))


def test_no_more_is_wanted_than_can_be_held():
    lease = Lease(Roomy(), 0)
    lease.hand(records(0, QUEUED_MAX - 1))
    assert lease.wanted
    lease.hand(records(QUEUED_MAX, 1))
    assert not lease.wanted


def test_nothing_is_wanted_under_a_closed_lease():
    lease = Lease(None, 0)
    lease.close()
    assert not lease.wanted


def test_nothing_is_wanted_while_the_owner_holds_too_much_back():
    owner = Roomy()
    lease = Lease(owner, 0)
    owner.room = False
    assert not lease.wanted
