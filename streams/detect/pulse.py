"""A pulse: the watches whose windows close together, being of one size and drawing on the same topics."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from detectors.bank import Bank, Verdict, Window
from detectors.columns import Rows
from detectors.loan import NOBODY, Loan
from detectors.restatement import restate
from detectors.table import Context
from streams.detect.board import Board
from streams.detect.cursor import Cursor
from streams.detect.watch import Observations, Watch
from streams.detect.window import Windows


class Seen(NamedTuple):
    """What a watch saw in a window and what its bank said: entry i of the verdict is of slots[i]."""

    watch: Watch
    slots: Rows
    verdict: Verdict


class Pulse:
    """Closes windows, and keeps the last verdicts for restatement."""

    def __init__(self, windows: Windows, topics: frozenset[str]) -> None:
        self.topics = topics
        self.cursor = Cursor(windows)
        self.watches: list[Watch] = []
        self.kept: dict[tuple[Watch, int], Seen] = {}  # by watch and window end
        self._data_ms = 2**62  # where the next events were when last looked for

    def skip_gap(self, passed_ms: int) -> None:
        """Leave out windows of a gap that is too long to be silence, up to the next event or the present."""
        if not self.cursor.is_far_from(passed_ms):
            return
        start = self.cursor.next_ms or 0
        if start <= self._data_ms and not self.cursor.is_far_from(self._data_ms):
            return
        boards = {board for watch in self.watches for board in watch.boards}
        ahead = (bucket for board in boards for bucket in board.buckets if bucket >= start)
        self._data_ms = min(ahead, default=passed_ms)
        if self.cursor.is_far_from(self._data_ms):
            self.cursor.jump_to(min(self._data_ms, passed_ms))
            self.miss()

    def miss(self) -> None:
        """Time passes of which nothing is known."""
        for watch in self.watches:
            watch.miss()

    def close(self) -> "Closing":
        """Close the next window and read it: what is to be judged."""
        window = self.cursor.close()
        buckets = self.cursor.buckets_of(window)
        read = [(watch, watch.observe(buckets)) for watch in self.watches]
        oldest_end = self.cursor.windows.next_bucket(self.cursor.kept[0])
        self.kept = {key: one for key, one in self.kept.items() if key[1] >= oldest_end}
        return Closing(self.cursor.windows, window, [(watch, obs) for watch, obs in read if len(obs.slots)])

    def keep(self, seen: Seen) -> None:
        """Remember a verdict, or the next part of one, for restatement."""
        key = (seen.watch, seen.verdict.window.end_ms)
        if key in self.kept:
            seen = _joined(self.kept[key], seen)
        self.kept[key] = seen

    def let_go(self, watch: Watch, slots: Rows) -> None:
        """Forget what was said of the series in these slots of a watch: they have no rows any more."""
        for key, seen in list(self.kept.items()):
            if key[0] is watch:
                stays = ~np.isin(seen.slots, slots)
                self.kept[key] = Seen(watch, seen.slots[stays], seen.verdict.only(stays))

    def restate(self, board: Board, bucket_ms: int, slots: Rows, passed_ms: int) -> list[Seen]:
        """Judge closed windows again whose bucket of a board got late cells in these slots.

        passed_ms: windows that ended before it are too old and stay as they were told.
        """
        again = []
        for (watch, end_ms), seen in self.kept.items():
            window = seen.verdict.window
            if watch.subject.kind == "vector":  # its detector cannot look back (see Joint)
                continue
            if board not in watch.boards or not window.start_ms <= bucket_ms < end_ms or end_ms < passed_ms:
                continue
            latest = end_ms == self.cursor.next_ms
            again.append(_restate(seen, watch.observe(self.cursor.buckets_of(window)), slots, latest=latest))
        return [seen for seen in again if len(seen.slots)]


class Closing(NamedTuple):
    """A window that closes, and what the watches of a pulse saw in it, if anything."""

    windows: Windows
    window: Window
    observed: list[tuple[Watch, Observations]]


def judge(closings: Sequence[Closing]) -> list[Seen]:
    """Judge windows that are one and the same, each bank once: a call costs a millisecond at least."""
    windows, window, _ = closings[0]
    by_bank: dict[Bank, list[tuple[Watch, Observations]]] = {}
    for closing in closings:
        for watch, obs in closing.observed:
            by_bank.setdefault(watch.bank, []).append((watch, obs))
    return [seen for bank, observed in by_bank.items() for seen in _judge(bank, observed, windows, window)]


def _judge(
    bank: Bank, observed: Sequence[tuple[Watch, Observations]], windows: Windows, window: Window
) -> Iterator[Seen]:
    exposures = [obs.exposure for _, obs in observed if obs.exposure is not None]
    context = Context(
        step_s=windows.hop_ms / 1000,
        week_s=windows.zone.week_s(window.start_ms),
        exposure=np.concatenate(exposures) if exposures else None,
        loan=_loan(observed),
    )
    verdict = bank.judge(
        np.concatenate([watch.rows[obs.slots] for watch, obs in observed]),
        np.concatenate([obs.values for _, obs in observed], axis=-1),
        np.concatenate([obs.volume for _, obs in observed]),
        context,
        window,
    )
    start = 0
    for watch, obs in observed:
        end = start + len(obs.slots)
        yield Seen(watch, obs.slots, verdict.only(slice(start, end)))
        start = end


def _loan(observed: Sequence[tuple[Watch, Observations]]) -> Loan | None:
    """Return who lends to whom."""
    watches = {watch: None for one, _ in observed for watch in _above(one)}
    rows = [watch.known_rows for watch in watches]
    lenders = np.concatenate([*rows, np.zeros(0, np.int64)])
    if not len(lenders):
        return None
    place = np.full(int(lenders.max()) + 2, NOBODY)  # the last one is NOBODY's
    place[lenders] = np.arange(len(lenders))
    asked = [watch.lent_by(obs.slots) for watch, obs in observed]
    above = [watch.lent_by(np.flatnonzero(watch.rows >= 0)) for watch in watches]
    return Loan(lenders, place[np.concatenate(asked)], place[np.concatenate(above)])


def _above(watch: Watch) -> Iterator[Watch]:
    """Yield who lends to a watch, and who to that one."""
    while watch.lender is not None:
        watch = watch.lender
        yield watch


def _joined(first: Seen, second: Seen) -> Seen:
    slots = np.concatenate([first.slots, second.slots])
    return Seen(first.watch, slots, first.verdict.joined(second.verdict))


def _restate(seen: Seen, now: Observations, slots: Rows, *, latest: bool) -> Seen:
    """Return the new verdict of those of the slots whose value changed, and put it into the kept one."""
    watch, kept = seen.watch, seen.verdict
    shown = now.values if now.exposure is None else now.values / now.exposure
    where = {int(slot): i for i, slot in enumerate(now.slots)}
    at = np.array([i for i, s in enumerate(seen.slots) if s in slots and int(s) in where], np.int64)
    new = np.array([where[int(s)] for s in seen.slots[at]], np.int64)
    changed = shown[new] != kept.values[at]
    at, new = at[changed], new[changed]
    verdict = restate(watch.bank, kept, at, shown[new], now.volume[new], latest=latest)
    kept.take_over(at, verdict)
    told = verdict.change > 0
    return Seen(watch, seen.slots[at][told], verdict.only(told))
