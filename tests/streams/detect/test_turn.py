"""Whose turn it is to close a window."""

import pytest

from streams.detect.turn import turns


def closed(ends):
    """Return what is yielded for pulses that have these ends to close, one after the other."""
    left = {name: list(times) for name, times in ends.items()}
    order = []
    for together in turns(list(ends), lambda name: left[name][0] if left[name] else None):
        order.append("".join(together))
        for name in together:
            left[name].pop(0)
    return order


@pytest.mark.parametrize(
    ("ends", "order"),
    [
        pytest.param({}, [], id="nobody"),
        pytest.param({"a": [], "b": []}, [], id="nothing has passed"),
        pytest.param({"a": [5, 10, 15], "b": [12]}, ["a", "a", "b", "a"], id="the earliest end first"),
        pytest.param({"a": [5, 10], "b": [10], "c": [5]}, ["ac", "ab"], id="those that end together"),
        pytest.param({"a": [10], "b": [5, 10]}, ["b", "ab"], id="in the order of pulses, not of closing"),
    ],
)
def test_windows_are_closed_in_turn(ends, order):
    assert closed(ends) == order
