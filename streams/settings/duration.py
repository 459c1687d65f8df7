"""Durations as people write them: `250ms`, `30s`, `5m`, `1h`, `1d`; milliseconds inside."""

import re

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
ALLOWED = "a whole number and a unit, like 250ms, 30s, 5m, 1h, 1d"

_DURATION = re.compile(r"(\d{1,9})(ms|s|m|h|d)", re.ASCII)


def parse_ms(text: object) -> int:
    """Return milliseconds. Raises ValueError, saying what was found and what is allowed."""
    found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"found {text!r}; allowed: {ALLOWED}")
    return int(found[1]) * UNITS_MS[found[2]]


def text_of(duration_ms: int) -> str:
    """Return the shortest way to write a duration: 90000 -> `90s`, 3600000 -> `1h`."""
    for unit, size in reversed(UNITS_MS.items()):
        if duration_ms % size == 0 and (duration_ms or unit == "s"):
            return f"{duration_ms // size}{unit}"
    return f"{duration_ms}ms"
