"""How far an owner has come: what is applied, committed, held and how old it is."""

import pytest

from streams.machine import Record
from streams.runner.headway import CATCH_UP_MS, Headway


def records(first, count, written_ms=0):
    return [Record(first + i, written_ms, None, b"") for i in range(count)]


def test_a_commit_settles_what_was_applied_when_it_began():
    headway = Headway(5)
    headway.apply(records(5, 3), 0)
    reached = headway.reached
    headway.apply(records(8, 4), 0)
    assert (headway.held, headway.committed, headway.uncommitted) == (7, 5, True)
    headway.commit(reached)
    assert (headway.held, headway.committed, headway.uncommitted) == (4, 8, True)
    headway.commit(headway.reached)
    assert (headway.held, headway.committed, headway.uncommitted) == (0, 12, False)


def test_gaps_of_a_log_are_no_records():
    headway = Headway(0)
    headway.apply([*records(0, 2), *records(7, 1)], 0)
    assert (headway.position, headway.unflushed, headway.held) == (8, 3, 3)


def test_what_led_to_nothing_is_not_held_though_its_offset_is_not_committed():
    headway = Headway(0)
    headway.apply(records(0, 3), 0)
    headway.settle()
    assert (headway.held, headway.uncommitted) == (0, True)


@pytest.mark.parametrize(
    ("age_ms", "behind"),
    [
        pytest.param(CATCH_UP_MS, False, id="just in time"),
        pytest.param(CATCH_UP_MS + 1, True, id="old when it is applied"),
    ],
)
def test_old_records_are_a_backlog(age_ms, behind):
    headway = Headway(0)
    headway.apply(records(0, 1, written_ms=1_000), 1_000 + age_ms)
    assert headway.behind is behind


def test_the_age_is_that_of_the_last_record_and_never_negative():
    headway = Headway(0)
    assert headway.age_s(0) is None
    headway.apply([*records(0, 1, written_ms=9_000), *records(1, 1, written_ms=4_000)], 0)
    assert (headway.age_s(6_500), headway.age_s(3_000)) == (2.5, 0.0)
