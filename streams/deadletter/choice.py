"""Which dead letters are meant: by reason and by the time they were refused."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.deadletter.letter import Letter
from streams.settings.duration import parse_ms


class Choice(NamedTuple):
    """Letters of these reasons (none named: of all), refused at since_ms or later and before until_ms."""

    reasons: frozenset[str] = frozenset()
    since_ms: int | None = None
    until_ms: int | None = None

    def takes(self, letter: Letter) -> bool:
        """Whether a letter is meant."""
        return (
            (not self.reasons or letter.reason in self.reasons)
            and (self.since_ms is None or letter.rejected_ms >= self.since_ms)
            and (self.until_ms is None or letter.rejected_ms < self.until_ms)
        )


def moment_ms(text: str, now_ms: int, timezone: str) -> int:
    """Return the time `2h` (ago) or `2026-11-24T08:30` (of the shop, unless it names an offset), epoch ms.

    Raises ValueError, saying what is allowed.
    """
    if text[:1].isdigit() and text[-1:].isalpha() and text[-1:] != "Z":
        return now_ms - parse_ms(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"found {text!r}; allowed: a time like 2026-11-24T08:30, or how long ago: 30m, 2h, 1d"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone))
    return int(moment.timestamp() * 1000)
