import pytest

from streams.settings.duration import parse_ms, text_of


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000), ("0s", 0)],
)
def test_a_duration_is_a_number_and_a_unit_both_ways(text, duration_ms):
    assert parse_ms(text) == duration_ms
    assert text_of(duration_ms) == text


@pytest.mark.parametrize(
    "text", ["5", "", "-5m", "1.5h", "5 m", "5M", "1w", "1h30m", "٥m", "9" * 12 + "s", 5, None]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="allowed: a whole number and a unit"):
        parse_ms(text)
