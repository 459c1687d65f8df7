import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.retry import LAST_S, Backoff, retry_after_s


def test_pauses_double_up_to_a_bound_and_begin_anew_after_a_success():
    backoff = Backoff(random.Random(1))
    pauses = [backoff.pause_s() for _ in range(60)]
    for number, pause in enumerate(pauses):
        whole = min(2.0**number, LAST_S)
        assert whole / 2 <= pause <= whole
    assert len(set(pauses)) > 50, "jitter"
    backoff.reset()
    assert backoff.pause_s() <= 1.0


@pytest.mark.parametrize(("asked", "least", "most"), [(120.0, 120, 120), (0.0, 0.5, 1), (1e9, 3600, 3600)])
def test_what_the_receiver_asks_for_counts_within_bounds(asked, least, most):
    assert least <= Backoff(random.Random(2)).pause_s(asked) <= most


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("9" * 40, 999999999.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header, seconds):
    assert retry_after_s(header, 1_795_521_600.0) == seconds


@given(st.text(max_size=40))
def test_any_header_is_seconds_or_nothing(header):
    seconds = retry_after_s(header, 0.0)
    assert seconds is None or seconds >= 0
