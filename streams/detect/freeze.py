"""Freezing detect: its state of this moment as blocks that are encoded later, while the stream goes on.

A head, then cursors, rosters, buckets, rows and kept verdicts, each in chunks. Every block is msgpack of
(part, ...); numbers are raw little-endian columns. A block fits into one record.

What goes on changing is copied now if it is small, and on its first change if it is large (buckets, rows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from detectors.bank import Verdict
from streams.detect.board import Board
from streams.detect.bucket import Bucket
from streams.detect.pools import Pools
from streams.detect.pulse import Pulse, Seen
from streams.detect.watch import Watch
from streams.frozen import Block, Frozen

if TYPE_CHECKING:
    from detectors.columns import Rows
    from detectors.frozen import FrozenRows
    from streams.detect.detect import Detect
    from streams.detect.roster import Roster

VERSION = 4
READABLE = (1, 2, 3, 4)  # rows of 1 know nothing of their age, 2 has no lenders, 3 no pools
BLOCK_BYTES = 400_000
ROSTER_NAMES = 10_000  # entities in a block
CELL_BYTES = 64  # of a bucket's entry without registers, generously
# values, volume, judgement, score, side, raw, grade, change
VERDICT_DTYPES = (np.float64,) * 8 + (np.int8,) * 4

Part = Callable[[], tuple[Any, ...]]


def freeze(detect: Detect) -> Frozen:
    """Return the state as it is now."""
    detect.parts.merge()
    return Frozen(_block(part) for part in _parts(detect))


def _block(part: Part) -> Block:
    return Block(lambda: msgspec.msgpack.encode(part()))


def _parts(detect: Detect) -> Iterator[Part]:
    yield from _head(detect)
    for dims, roster in detect.parts.rosters.items():
        yield from _names(dims, roster)
    for boards in detect.parts.boards.values():
        for board in boards:
            yield from _board(board)
    for pools in detect.parts.pools:
        yield from _pools(pools)
    for watch in (*detect.parts.watches.values(), *detect.parts.lenders.values()):
        yield from _rows(watch)
    yield from _drifts(detect)
    for pulse in detect.parts.pulses.values():
        for seen in pulse.kept.values():
            yield from _verdict(seen)


def _head(detect: Detect) -> Iterator[Part]:
    show = detect.showcase
    counters = [dict(show.windows), dict(show.restated), dict(show.late), dict(show.evicted)]
    head = ("head", VERSION, msgspec.msgpack.encode(detect.frontier), detect.passed_ms, counters)
    yield _told(head)
    for pulse in detect.parts.pulses.values():
        cursor = ("cursor", *pulse_key(pulse), pulse.cursor.next_ms, list(pulse.cursor.kept))
        yield _told(cursor)


def _drifts(detect: Detect) -> Iterator[Part]:
    drifts = detect.drifts
    if drifts.counts:
        yield _told(("drifts", dict(drifts.counts), dict(drifts.last_ms)))
    for watch, scores in drifts.kept():
        yield _told(("drift", watch.key, scores))


def _names(dims: tuple[str, ...], roster: Roster) -> Iterator[Part]:
    for start in range(0, len(roster), ROSTER_NAMES):
        yield _told(("roster", dims, roster.entities[start : start + ROSTER_NAMES]))


def _pools(pools: Pools) -> Iterator[Part]:
    for start in range(0, len(pools.roster), ROSTER_NAMES):
        yield _told(("pools", pools.key, pools.roster.entities[start : start + ROSTER_NAMES], b""))
    size = BLOCK_BYTES // pools.of.itemsize
    for start in range(0, len(pools.of), size):
        yield _told(("pools", pools.key, [], pools.of[start : start + size].tobytes()))


def _told(part: tuple[Any, ...]) -> Part:
    return lambda: part


# -- boards


def _board(board: Board) -> Iterator[Part]:
    seen = board.seen.tobytes()
    yield _told(("seen", *board_key(board), seen))
    for start, bucket in board.freeze().items():
        used = np.flatnonzero(bucket.counts)
        size = BLOCK_BYTES // (CELL_BYTES + bucket.registers.shape[1])
        for at in range(0, len(used), size):
            yield _cells(board, start, bucket, used[at : at + size])


def _cells(board: Board, start: int, bucket: Bucket, slots: Rows) -> Part:
    def part() -> tuple[Any, ...]:
        ids = [bucket.ids.get(slot, "") for slot in slots.tolist()] if bucket.ids else []
        columns = (slots, bucket.counts[slots], bucket.values[slots], bucket.times[slots])
        raw = [column.tobytes() for column in columns]
        return "bucket", *board_key(board), start, raw, ids, bucket.registers[slots].tobytes()

    return part


# -- rows and what they were last told


def _rows(watch: Watch) -> Iterator[Part]:
    slots, bank = np.flatnonzero(watch.rows >= 0), watch.bank
    size = max(1, BLOCK_BYTES // (bank.row_bytes + slots.itemsize))
    for number, piece in enumerate(bank.freeze(watch.rows[slots], size)):
        yield _piece(watch, slots[number * size : (number + 1) * size], piece)


def _piece(watch: Watch, slots: Rows, piece: FrozenRows) -> Part:
    return lambda: ("rows", watch.key, slots.tobytes(), piece.dump())


def _verdict(seen: Seen) -> Iterator[Part]:
    size = BLOCK_BYTES // (8 * len(VERDICT_DTYPES))
    verdict = seen.verdict.detached()
    for at in range(0, len(seen.slots), size):
        yield _kept(seen.watch, seen.slots[at : at + size], verdict.only(slice(at, at + size)))


def _kept(watch: Watch, slots: Rows, verdict: Verdict) -> Part:
    def part() -> tuple[Any, ...]:
        columns = (verdict.values, verdict.volume, *verdict.judgement, *verdict[5:])
        typed = zip(columns, VERDICT_DTYPES, strict=True)
        raw = [np.asarray(column, dtype).tobytes() for column, dtype in typed]
        return "kept", watch.key, verdict.window, slots.tobytes(), raw

    return part


# -- the names of parts


def pulse_key(pulse: Pulse) -> tuple[int, int, list[str]]:
    """Return what a pulse is stored under."""
    return pulse.cursor.windows.length_ms, pulse.cursor.windows.hop_ms, sorted(pulse.topics)


def board_key(board: Board) -> tuple[str, int, int]:
    """Return what a board is stored under."""
    return board.group.key, board.windows.length_ms, board.windows.hop_ms
