"""Loading detect: the blocks of a frozen state (see freeze.py) back into a new machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from detectors.bank import Verdict, Window
from detectors.columns import TableMismatch
from detectors.table import Judgement
from streams.detect.board import Board
from streams.detect.bucket import Bucket
from streams.detect.freeze import READABLE, VERDICT_DTYPES, VERSION
from streams.detect.frontier import Frontier
from streams.detect.pools import Pools
from streams.detect.pulse import Seen
from streams.detect.watch import Watch
from streams.machine import StateRefused

if TYPE_CHECKING:
    from streams.detect.detect import Detect


# A table without columns holds any number of rows in no bytes: a damaged number asks for too much memory.
_DAMAGED = (msgspec.DecodeError, TableMismatch, ValueError, TypeError, KeyError, IndexError, MemoryError)


def load(detect: Detect, blocks: Sequence[bytes]) -> None:
    """Fill a new machine. Raises StateRefused if a block is damaged or of another version."""
    try:
        for block in blocks:
            name, *rest = msgspec.msgpack.decode(block)
            _LOADERS[name](detect, *rest)
        _show_latest(detect)
    except _DAMAGED as error:
        raise StateRefused(f"checkpoint of detect: {error}") from error


def _load_head(detect: Detect, version: int, frontier: bytes, passed_ms: int, counters: list[Any]) -> None:
    if version not in READABLE:
        raise StateRefused(f"checkpoint of detect has version {version}, this program reads {VERSION}")
    expected = detect.frontier.expected
    detect.frontier = msgspec.msgpack.decode(frontier, type=Frontier)
    detect.frontier.expected = expected
    detect.frontier.max_skew_ms = detect.settings.time.max_skew_ms
    detect.passed_ms = passed_ms
    show = detect.showcase
    known = (show.windows, show.restated, show.late, show.evicted)
    for counter, stored in zip(known, counters, strict=False):  # version 1 has no evictions
        counter.update(stored)


# -- cursors and rosters


def _load_cursor(  # noqa: PLR0917 (the fields of a block)
    detect: Detect, length: int, hop: int, topics: list[str], next_ms: int | None, kept: list[int]
) -> None:
    pulse = detect.parts.pulses.get((length, hop, frozenset(topics)))
    if pulse is not None:
        pulse.cursor.next_ms, pulse.cursor.kept = next_ms, kept


def _load_roster(detect: Detect, dims: list[str], entities: list[str]) -> None:
    roster = detect.parts.rosters.get(tuple(dims))
    if roster is not None:
        roster.restore(entities)


def _load_pools(detect: Detect, key: list[Any], categories: list[str], of: bytes) -> None:
    pools = _find_watch(detect, key)
    if isinstance(pools, Pools):
        pools.restore(categories, np.frombuffer(of, np.int64))


# -- boards


def _find_board(detect: Detect, key: str, length: int, hop: int) -> Board | None:
    boards = detect.parts.boards.get(key, [])
    return next((b for b in boards if (b.windows.length_ms, b.windows.hop_ms) == (length, hop)), None)


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
    watch_key = (name, tuple(dims), length, digest)
    return detect.parts.watches.get(watch_key) or detect.parts.lenders.get(watch_key)


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


# -- drifts


def _load_drifts(detect: Detect, counts: dict[str, int], last_ms: dict[str, int]) -> None:
    detect.drifts.counts.update(counts)
    detect.drifts.last_ms.update(last_ms)


def _load_drift(detect: Detect, key: list[Any], scores: bytes) -> None:
    watch = _find_watch(detect, key)
    if watch is not None:
        detect.drifts.put_back(watch, scores)


# -- kept verdicts


def _load_verdict(
    detect: Detect, key: list[Any], window: list[int], slots_raw: bytes, raw: list[bytes]
) -> None:
    watch = _find_watch(detect, key)
    if watch is None:
        return
    slots = np.frombuffer(slots_raw, np.int64)
    columns = [np.frombuffer(data, dtype).copy() for data, dtype in zip(raw, VERDICT_DTYPES, strict=True)]
    judgement = Judgement(*columns[2:7])
    verdict = Verdict._make([Window(*window), watch.rows[slots], *columns[:2], judgement, *columns[7:]])
    pulse = next(p for p in detect.parts.pulses.values() if watch in p.watches)
    pulse.keep(Seen(watch, slots, verdict))


def _show_latest(detect: Detect) -> None:
    for pulse in detect.parts.pulses.values():
        for _, seen in sorted(pulse.kept.items(), key=lambda item: item[0][1]):
            detect.showcase.show(seen)


_LOADERS: dict[str, Callable[..., None]] = {
    "head": _load_head,
    "cursor": _load_cursor,
    "roster": _load_roster,
    "pools": _load_pools,
    "seen": _load_seen,
    "bucket": _load_bucket,
    "rows": _load_rows,
    "drifts": _load_drifts,
    "drift": _load_drift,
    "kept": _load_verdict,
}
