"""Eviction: series that have been silent for long give back their rows, and their names to newcomers.

Rows go by what their own windows have seen, so that it does not matter how far the log was read ahead. A name
goes when no monitor has a row for it and no sums of it wait.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from detectors.series import OTHER
from streams.detect.assembly import Assembly
from streams.detect.pulse import Pulse
from streams.detect.roster import VACANT, Roster
from streams.detect.window import DAY_MS


def evict(parts: Assembly, pulse: Pulse, ttl_ms: int) -> Counter[str]:
    """At the end of a day (UTC) let go of a pulse's series without events for `ttl_ms`; count by monitor."""
    gone: Counter[str] = Counter()
    end_ms = pulse.cursor.next_ms or 0
    if end_ms % DAY_MS >= pulse.cursor.windows.hop_ms:
        return gone
    for watch in pulse.watches:
        slots = watch.silent(end_ms, ttl_ms)
        if len(slots):
            watch.let_go(slots)
            pulse.let_go(watch, slots)
            gone[watch.subject.monitor.name] += len(slots) if watch.told else 0
    if gone:
        for roster in parts.rosters.values():
            _release(parts, roster)
    return gone


def _release(parts: Assembly, roster: Roster) -> None:
    """Give up the names that nobody needs."""
    if not roster.dims:
        return
    free = np.array([entity not in {OTHER, VACANT} for entity in roster.entities], bool)
    watches = [watch for watch in parts.watches.values() if watch.roster is roster]
    boards = [board for boards in parts.boards.values() for board in boards if board.roster is roster]
    for watch in watches:
        free &= ~_padded(watch.rows >= 0, len(free))
    for board in boards:
        for bucket in board.buckets.values():
            free &= ~_padded(bucket.counts > 0, len(free))
    slots = np.flatnonzero(free)
    for board in boards:
        board.forget_entities(slots)
    for watch in watches:
        watch.forget_entities(slots)
    for pools in parts.pools:
        if pools.series is roster:
            pools.forget_series(slots)
    roster.release(slots)


def _padded(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    return np.concatenate([mask, np.zeros(size - len(mask), bool)])
