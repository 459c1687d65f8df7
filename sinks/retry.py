"""When to try again: exponential pauses with jitter, or what the receiver asked for."""

import random
from email.utils import parsedate_to_datetime

FIRST_S = 1.0
LAST_S = 300.0
ASKED_MAX_S = 3_600.0  # a receiver may not silence us for longer


class Backoff:
    """Pauses after failures in a row: 1 s, 2 s, 4 s ... 5 min, each shortened by up to half.

    The jitter keeps channels that failed together from coming back together.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._failures = 0

    def pause_s(self, asked_s: float | None = None) -> float:
        """Return the pause after another failure; never shorter than what the receiver asked for."""
        whole_s = min(FIRST_S * 2.0**self._failures, LAST_S)
        self._failures = min(self._failures + 1, 32)
        pause_s = whole_s * (1.0 - self._chance.random() / 2)
        return pause_s if asked_s is None else max(pause_s, min(asked_s, ASKED_MAX_S))

    def reset(self) -> None:
        """Begin anew after a success."""
        self._failures = 0


def retry_after_s(header: str | None, now_s: float) -> float | None:
    """Return the seconds of a `Retry-After` header: a number, or a date against `now_s`; None: no use."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now_s)
    except (ValueError, OverflowError):
        return None
