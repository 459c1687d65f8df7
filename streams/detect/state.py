"""The state of detect as blocks: a head, then rosters, buckets, rows and kept verdicts, each in chunks.

Every block is msgpack of (part, ...); numbers are raw little-endian columns. A block fits into one record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from detectors.bank import Verdict, Window
from detectors.columns import TableMismatch
from detectors.table import Judgement
from streams.detect.board import Board, Bucket
from streams.detect.frontier import Frontier
from streams.detect.pulse import Pulse, Seen
from streams.detect.watch import Watch
from streams.machine import StateRefused

if TYPE_CHECKING:
    from streams.detect.detect import Detect

VERSION = 1
BLOCK_BYTES = 400_000
_VERDICT_DTYPES = (np.float64,) * 8 + (
    np.int8,
) * 4  # values, volume, judgement, score, side, raw, grade, change


def dump(detect: Detect) -> list[bytes]:
    """Return the blocks of a machine's state."""
    return [msgspec.msgpack.encode(part) for part in _parts(detect)]


def load(detect: Detect, blocks: Sequence[bytes]) -> None:
    """Fill a new machine. Raises StateRefused if a block is damaged or of another version."""
    try:
        for block in blocks:
            name, *rest = msgspec.msgpack.decode(block)
            _LOADERS[name](detect, *rest)
    except (msgspec.DecodeError, TableMismatch, ValueError, TypeError, KeyError, IndexError) as error:
        raise StateRefused(f"checkpoint of detect: {error}") from error


def _parts(detect: Detect) -> Iterator[tuple[Any, ...]]:
    show = detect.showcase
    counters = [dict(show.windows), dict(show.restated), dict(show.late)]
    yield "head", VERSION, msgspec.msgpack.encode(detect.frontier), detect.passed_ms, counters
    for pulse in detect.parts.pulses.values():
        yield "cursor", *_pulse_key(pulse), pulse.cursor.next_ms, pulse.cursor.kept
    for dims, roster in detect.parts.rosters.items():
        for start in range(0, len(roster), 10_000):
            yield "roster", dims, roster.entities[start : start + 10_000]
    for boards in detect.parts.boards.values():
        for board in boards:
            yield "seen", *_board_key(board), board.seen.tobytes()
            for start, bucket in board.buckets.items():
                yield from _bucket_parts(board, start, bucket)
    for watch in detect.parts.watches.values():
        yield from _row_parts(watch)
    for pulse in detect.parts.pulses.values():
        for seen in pulse.kept.values():
            yield from _verdict_parts(seen)


def _load_head(detect: Detect, version: int, frontier: bytes, passed_ms: int, counters: list[Any]) -> None:
    if version != VERSION:
        raise StateRefused(f"checkpoint of detect has version {version}, this program reads {VERSION}")
    expected = detect.frontier.expected
    detect.frontier = msgspec.msgpack.decode(frontier, type=Frontier)
    detect.frontier.expected = expected
    detect.frontier.max_skew_ms = detect.settings.time.max_skew_ms
    detect.passed_ms = passed_ms
    show = detect.showcase
    for counter, stored in zip((show.windows, show.restated, show.late), counters, strict=True):
        counter.update(stored)


# -- cursors and rosters


def _pulse_key(pulse: Pulse) -> tuple[int, int, list[str]]:
    return pulse.cursor.windows.length_ms, pulse.cursor.windows.hop_ms, sorted(pulse.topics)


def _load_cursor(  # noqa: PLR0917 (the fields of a block)
    detect: Detect, length: int, hop: int, topics: list[str], next_ms: int | None, kept: list[int]
) -> None:
    pulse = detect.parts.pulses.get((length, hop, frozenset(topics)))
    if pulse is not None:
        pulse.cursor.next_ms, pulse.cursor.kept = next_ms, kept


def _load_roster(detect: Detect, dims: list[str], entities: list[str]) -> None:
    roster = detect.parts.rosters.get(tuple(dims))
    if roster is not None:
        roster.slots(entities)


# -- boards


def _board_key(board: Board) -> tuple[str, int, int]:
    return board.group.key, board.windows.length_ms, board.windows.hop_ms


def _find_board(detect: Detect, key: str, length: int, hop: int) -> Board | None:
    boards = detect.parts.boards.get(key, [])
    return next((b for b in boards if (b.windows.length_ms, b.windows.hop_ms) == (length, hop)), None)


def _bucket_parts(board: Board, start: int, bucket: Bucket) -> Iterator[tuple[Any, ...]]:
    used = np.flatnonzero(bucket.counts)
    size = BLOCK_BYTES // (64 + bucket.registers.shape[1])
    for i in range(0, len(used), size):
        slots = used[i : i + size]
        ids = [bucket.ids.get(slot, "") for slot in slots.tolist()] if bucket.ids else []
        columns = (slots, bucket.counts[slots], bucket.values[slots], bucket.times[slots])
        raw = [column.tobytes() for column in columns]
        yield "bucket", *_board_key(board), start, raw, ids, bucket.registers[slots].tobytes()


def _load_seen(detect: Detect, key: str, length: int, hop: int, seen: bytes) -> None:
    board = _find_board(detect, key, length, hop)
    if board is not None:
        board.remember(np.frombuffer(seen, bool).copy())


def _load_bucket(  # noqa: PLR0917 (the fields of a block)
    detect: Detect, key: str, length: int, hop: int, start: int, raw: list[bytes], ids: list[str], reg: bytes
) -> None:
    board = _find_board(detect, key, length, hop)
    if board is None:
        return
    slots, counts, values, times = (np.frombuffer(column, np.int64) for column in raw)
    registers = np.frombuffer(reg, np.uint8).reshape(len(slots), -1)
    board.put_back(start, slots, Bucket.of(counts, values, times, ids, registers))


# -- rows


def _find_watch(detect: Detect, key: Sequence[Any]) -> Watch | None:
    name, dims, length, digest = key
    return detect.parts.watches.get((name, tuple(dims), length, digest))


def _row_parts(watch: Watch) -> Iterator[tuple[Any, ...]]:
    slots, bank = np.flatnonzero(watch.rows >= 0), watch.bank
    size = max(1, BLOCK_BYTES // (bank.table.row_bytes + bank.life.row_bytes + bank.members.row_bytes + 8))
    for i in range(0, len(slots), size):
        chunk = slots[i : i + size]
        rows = watch.rows[chunk]
        dumps = [part.dump(rows) for part in (bank.table, bank.life, bank.members)]
        yield "rows", watch.key, chunk.tobytes(), dumps


def _load_rows(detect: Detect, key: list[Any], slots: bytes, dumps: list[bytes]) -> None:
    watch = _find_watch(detect, key)
    if watch is None:
        return
    bank = watch.bank
    rows, *others = (
        part.load(data) for part, data in zip((bank.table, bank.life, bank.members), dumps, strict=True)
    )
    if any((other != rows).any() for other in others):
        raise StateRefused("checkpoint of detect: rows of table, lifecycle and membership differ")
    bank.members["rule"][rows] = watch.rule
    watch.take_rows(np.frombuffer(slots, np.int64), rows)


# -- kept verdicts


def _verdict_parts(seen: Seen) -> Iterator[tuple[Any, ...]]:
    size = BLOCK_BYTES // (8 * len(_VERDICT_DTYPES))
    for i in range(0, len(seen.slots), size):
        verdict = seen.verdict.only(slice(i, i + size))
        columns = (verdict.values, verdict.volume, *verdict.judgement, *verdict[5:])
        raw = [
            np.asarray(column, dtype).tobytes()
            for column, dtype in zip(columns, _VERDICT_DTYPES, strict=True)
        ]
        yield "kept", seen.watch.key, verdict.window, seen.slots[i : i + size].tobytes(), raw


def _load_verdict(
    detect: Detect, key: list[Any], window: list[int], slots_raw: bytes, raw: list[bytes]
) -> None:
    watch = _find_watch(detect, key)
    if watch is None:
        return
    slots = np.frombuffer(slots_raw, np.int64)
    columns = [np.frombuffer(data, dtype).copy() for data, dtype in zip(raw, _VERDICT_DTYPES, strict=True)]
    judgement = Judgement(*columns[2:7])
    verdict = Verdict._make([Window(*window), watch.rows[slots], *columns[:2], judgement, *columns[7:]])
    pulse = next(p for p in detect.parts.pulses.values() if watch in p.watches)
    pulse.keep(Seen(watch, slots, verdict))


_LOADERS: dict[str, Callable[..., None]] = {
    "head": _load_head,
    "cursor": _load_cursor,
    "roster": _load_roster,
    "seen": _load_seen,
    "bucket": _load_bucket,
    "rows": _load_rows,
    "kept": _load_verdict,
}
