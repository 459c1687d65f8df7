"""Where a recorded line stands in time: a wrong clock in one line must not move the others."""

from collections.abc import Iterable, Iterator
from operator import itemgetter

from streams.machine import Headers
from streams.settings.model import EventKind

AHEAD_MS = 300_000  # a line further ahead of all before it needs the lines after it to agree
ALONE_MS = 86_400_000  # the last line of a file has none after it
FOLLOWERS = 8


# A line as glimpsed: event time (None: not readable), kind, the line, headers of its record.
Unplaced = tuple[int | None, EventKind, bytes, Headers]
# The same with the event time it is taken for, epoch ms.
Placed = tuple[int, EventKind, bytes, Headers]


def place(blocks: Iterable[list[Unplaced]]) -> Iterator[list[Placed]]:
    """Yield the lines of one file with their places, in their order.

    A line stands at its own event time, with two exceptions that stand where the file has got to: a line
    without a readable time, and a line far ahead whose followers do not agree (a clock in the year 2099).
    A gap (the shop was closed) is agreed to by the lines after it.
    """
    high: int | None = None
    pending: list[Unplaced] = []
    for block in blocks:
        pending += block
        if high is None:
            high = _start(pending)
        ready = len(pending) - FOLLOWERS
        if ready > 0:
            placed, high = _place(pending, ready, high)
            yield placed
            del pending[:ready]
    yield _place(pending, len(pending), high or 0)[0]


def in_order(blocks: Iterable[list[Placed]]) -> Iterator[list[Placed]]:
    """Yield the lines sorted by place, as far as lines that belong together are at most a block apart."""
    held: list[Placed] = []
    for block in blocks:
        ready = len(held)
        held = sorted(held + block, key=itemgetter(0))
        yield held[:ready]
        del held[:ready]
    yield held


def _place(lines: list[Unplaced], ready: int, high: int) -> tuple[list[Placed], int]:
    placed: list[Placed] = []
    for index in range(ready):
        time_ms, kind, line, headers = lines[index]
        if time_ms is None:
            time_ms = high
        elif time_ms > high:
            if time_ms - high > AHEAD_MS and not _agreed(
                time_ms, high, lines[index + 1 : index + 1 + FOLLOWERS]
            ):
                time_ms = high
            high = time_ms
        placed.append((time_ms, kind, line, headers))
    return placed, high


def _agreed(time_ms: int, high: int, followers: list[Unplaced]) -> bool:
    times = [time for time, *_ in followers if time is not None]
    if not times:
        return time_ms - high <= ALONE_MS
    return 2 * sum(time >= time_ms - AHEAD_MS for time in times) >= len(times)


def _start(lines: list[Unplaced]) -> int:
    return min((time for time, *_ in lines[: FOLLOWERS + 1] if time is not None), default=0)
