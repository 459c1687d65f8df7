"""Letters are chosen by reason and by the time they were refused."""

import pytest

from streams.deadletter.choice import Choice, moment_ms
from streams.deadletter.letter import Place, letter_of

LETTER = letter_of(Place(0, 1), 1_000, None, b"", (("__fenghuo.errors.reason", b"bad_time"),))


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        pytest.param(Choice(), True, id="all"),
        pytest.param(Choice(frozenset({"bad_time", "empty"})), True, id="its reason"),
        pytest.param(Choice(frozenset({"empty"})), False, id="another reason"),
        pytest.param(Choice(since_ms=1_000), True, id="since then"),
        pytest.param(Choice(since_ms=1_001), False, id="since later"),
        pytest.param(Choice(until_ms=1_001), True, id="until later"),
        pytest.param(Choice(until_ms=1_000), False, id="until then"),
        pytest.param(Choice(frozenset({"empty"}), 0, 2_000), False, id="in time, another reason"),
    ],
)
def test_a_letter_is_taken(choice, taken):
    assert choice.takes(LETTER) is taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", 1_780_000_000_000 - 7_200_000),
        ("250ms", 1_779_999_999_750),
        ("2026-05-28T20:26:40Z", 1_780_000_000_000),
        ("2026-05-28T20:26:40+00:00", 1_780_000_000_000),
        ("2026-05-29T04:26:40", 1_780_000_000_000),
        ("2026-05-29", 1_779_984_000_000),
    ],
)
def test_a_moment_is_a_time_of_the_shop_or_how_long_ago(text, expected):
    assert moment_ms(text, 1_780_000_000_000, "Asia/Shanghai") == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2 h", "5y", "2026-13-01"])
def test_what_is_no_moment_is_refused_with_what_is_allowed(text):
    with pytest.raises(ValueError, match="allowed"):
        moment_ms(text, 0, "UTC")
