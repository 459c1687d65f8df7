from streams.detect.cursor import GAP_MAX_MS, KEPT_WINDOWS, Cursor
from streams.detect.window import MINUTE_MS, Windows
from streams.detect.zone import Zone

FIVE = 5 * MINUTE_MS


def cursor(length=FIVE, hop=FIVE):
    return Cursor(Windows(length, hop, Zone("UTC")))


def test_windows_start_with_the_first_event_and_leave_none_out():
    c = cursor()
    c.begin(2 * FIVE)
    assert [c.close() for _ in range(3)] == [(i * FIVE, (i + 1) * FIVE) for i in (2, 3, 4)]


def test_an_earlier_event_moves_the_start_only_while_nothing_is_closed():
    c = cursor()
    c.begin(2 * FIVE)
    c.begin(FIVE)
    assert c.close().start_ms == FIVE
    c.begin(0)
    assert c.close().start_ms == 2 * FIVE


def test_hopping_windows_end_once_a_hop():
    c = cursor(3 * FIVE, FIVE)
    c.begin(3 * FIVE)
    windows = [c.close() for _ in range(2)]
    assert windows == [(FIVE, 4 * FIVE), (2 * FIVE, 5 * FIVE)]
    assert c.buckets_of(windows[0]) == [FIVE, 2 * FIVE, 3 * FIVE]


def test_only_the_last_windows_can_be_restated():
    c = cursor()
    c.begin(0)
    for _ in range(10):
        c.close()
    assert c.oldest_needed_ms() == (10 - KEPT_WINDOWS) * FIVE


def test_a_gap_of_months_can_be_jumped_over():
    c = cursor()
    c.begin(0)
    assert not c.is_far_from(GAP_MAX_MS)
    assert c.is_far_from(GAP_MAX_MS + 10 * FIVE)
    c.jump_to(GAP_MAX_MS + 10 * FIVE + 7)
    assert c.close() == (GAP_MAX_MS + 10 * FIVE, GAP_MAX_MS + 11 * FIVE)


def test_after_a_restart_windows_begin_with_the_first_event_that_history_does_not_hold():
    c = cursor()
    c.begin(0)
    c.restart(2 * FIVE)
    c.begin(9 * FIVE)
    c.begin(FIVE)  # late, from the time of history
    assert c.close().start_ms == 2 * FIVE
    c.restart(20 * FIVE)
    c.begin(50 * FIVE)
    c.begin(40 * FIVE)  # another partition begins earlier
    assert c.close().start_ms == 40 * FIVE
