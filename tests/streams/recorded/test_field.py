import numpy as np
import pytest

from streams.detect.zone import Zone
from streams.recorded.field import number, plain_numbers, time_ms, times_ms

PARIS = Zone("Europe/Paris")


@pytest.mark.parametrize(
    "stamps",
    [
        pytest.param(["1396353600", "1396353600.0125", "1396353600500.5", "-5", "99999999999"], id="epochs"),
        pytest.param(["2014-04-01 12:00", "2014-10-26T02:30:00", "2014-04-01T12:00:00Z"], id="iso"),
        pytest.param(["1396353600", "2014-04-01T12:00:00Z", "20140401"], id="both"),
    ],
)
def test_a_column_of_times_is_its_times_one_by_one(stamps):
    assert times_ms(tuple(stamps), PARIS).tolist() == [time_ms(stamp, PARIS) for stamp in stamps]


@pytest.mark.parametrize("stamp", ["", "nan", "inf", "1e300", "1_000", "yesterday", "0001-01-01T00:00:00Z"])
def test_a_column_with_a_text_that_is_no_time_is_refused(stamp):
    with pytest.raises(ValueError, match=r"wanted|years"):
        times_ms(("1396353600", stamp), PARIS)


def test_a_column_of_numbers_is_its_numbers_one_by_one():
    texts = ["1", "-2.5", "", "1e-3", "+7"]
    np.testing.assert_array_equal(plain_numbers(texts), [number(text) for text in texts])


@pytest.mark.parametrize("text", ["nan", "inf", "1_000", "x"])
def test_a_column_with_anything_else_is_looked_at_one_by_one(text):
    with pytest.raises(ValueError, match=r"wanted|convert"):
        plain_numbers(["1", "", text])
