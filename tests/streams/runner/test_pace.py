"""When an owner commits: at a moment of its own, or at once."""

import pytest

from streams.runner.pace import FLUSH_RECORDS, Last, Pace, Work, next_s

PACE = Pace(ceiling_s=1.0, gap_s=0.4, checkpoint_s=60.0)
NOW_S = 100.0
LAST = Last(NOW_S, NOW_S, NOW_S)


@pytest.mark.parametrize(
    ("work", "waits_s"),
    [
        pytest.param(Work(0, False, False, True), 1.0, id="nothing applied: a look once a ceiling"),
        pytest.param(Work(0, True, False, True), 1.0, id="due without anything applied: no hurry"),
        pytest.param(Work(9, False, False, True), 1.0, id="nobody waits"),
        pytest.param(Work(9, True, False, False), 0.1, id="a window has closed"),
        pytest.param(Work(9, True, True, False), 1.0, id="behind: few large transactions"),
        pytest.param(Work(9, False, True, True), 0.1, id="the last of a backlog"),
        pytest.param(Work(FLUSH_RECORDS, False, True, False), 0.0, id="full"),
        pytest.param(Work(FLUSH_RECORDS, False, False, False), 0.0, id="full though not behind"),
    ],
)
def test_after_a_commit_the_next_one_waits(work: Work, waits_s: float) -> None:
    assert next_s(PACE, work, LAST) - NOW_S == pytest.approx(waits_s)


@pytest.mark.parametrize(
    ("work", "waits_s"),
    [
        pytest.param(Work(9, True, False, False), 0.0, id="a window has closed"),
        pytest.param(Work(9, False, False, True), 1.0, id="nobody waits"),
        pytest.param(Work(9, True, True, False), 1.0, id="behind"),
    ],
)
def test_who_waits_for_a_window_does_not_wait_for_what_was_committed_before_it(
    work: Work, waits_s: float
) -> None:
    wait_s = next_s(PACE, work, LAST._replace(urged_s=NOW_S - 1.0)) - NOW_S
    assert max(0.0, wait_s) == pytest.approx(waits_s)


def test_a_gap_keeps_the_budget_of_the_worker_where_nobody_waits() -> None:
    pace = PACE._replace(ceiling_s=0.05)
    assert next_s(pace, Work(9, False, False, True), LAST) - NOW_S == pytest.approx(0.4)


def test_a_ceiling_of_nothing_does_not_spin() -> None:
    assert next_s(Pace(0.0, 0.0, 60.0), Work(0, False, False, True), LAST) > NOW_S
