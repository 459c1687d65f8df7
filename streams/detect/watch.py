"""A watch: one monitor by one set of dimensions in one window size; from merged sums to observations."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.bank import Bank
from detectors.columns import Rows
from detectors.loan import NOBODY
from detectors.series import dimensions_of
from detectors.table import Floats, Kind
from streams.detect.board import Board
from streams.detect.roster import Roster
from streams.settings.model import Metric, Monitor

UNSEEN, LEFT_OUT = -1, -2

WatchKey = tuple[str, tuple[str, ...], int, str]  # monitor, dims, window, hash of what learning depends on


class Subject(NamedTuple):
    """What is watched: a monitor, its metric, one set of dimensions, one window size."""

    monitor: Monitor
    metric: Metric
    kind: Kind
    dims: tuple[str, ...]
    length_ms: int


class Observations(NamedTuple):
    """What a watch saw in one window: one entry per slot observed; values of vectors are (part, slot)."""

    slots: Rows
    values: Floats
    volume: Floats
    exposure: Floats | None


class Watch:
    """Rows of a bank for the entities of one roster; or, if not `told`, one row for others to borrow from.

    A count observes 0 in a silent window, and so does each part of a vector; a ratio without exposure and a
    value without events observe nothing. The volume of a vector is that of its rarest part.
    """

    def __init__(
        self,
        key: WatchKey,
        subject: Subject,
        boards: Sequence[Board],
        bank: Bank,
        rule: int,
        *,
        lender: "Watch | None" = None,
        told: bool = True,
    ) -> None:
        self.key = key
        self.subject = subject
        self.boards = tuple(boards)  # one, numerator and denominator, or one a part
        self.bank = bank
        self.rule = rule
        self.lender = lender  # whose shape its rows may take over
        self.told = told  # whether anybody hears of it
        self.rows = np.zeros(0, np.int64)  # slot -> row of the bank
        self._known = -1  # entities seen when all of them had rows

    @property
    def roster(self) -> Roster:
        """The entities its slots stand for."""
        return self.boards[0].roster

    @property
    def known_rows(self) -> Rows:
        """The rows of its series."""
        return self.rows[self.rows >= 0]

    def observe(self, buckets: list[int]) -> Observations:
        """Read a window made of these buckets."""
        windows = self._read(buckets)
        self._admit([counts for counts, _ in windows])
        slots = np.flatnonzero(self.rows >= 0)
        if self.subject.kind == "vector":
            parts = [_at(window, slots) for window in windows]
            values = np.stack([values for _, values in parts])
            return Observations(slots, values, np.min([counts for counts, _ in parts], axis=0), None)
        counts, values = _at(windows[0], slots)
        if self.subject.kind == "ratio":
            trials, exposure = _at(windows[1], slots)
            there = exposure > 0
            return Observations(slots[there], values[there], trials[there], exposure[there])
        if self.subject.kind == "count":
            return Observations(slots, values, counts, None)
        there = counts > 0
        if self.subject.metric.mean is not None:
            values = values / np.maximum(counts, 1)
        return Observations(slots[there], values[there], counts[there], None)

    def lent_by(self, slots: Rows) -> Rows:
        """Return the row that lends to each of these slots; NOBODY if none does."""
        return np.full(len(slots), NOBODY) if self.lender is None else self.lender.lends_to(slots)

    def lends_to(self, slots: Rows) -> Rows:
        """Return the row that lends to each of these slots of a borrower: the only one, once it is there."""
        return np.full(len(slots), self.known_rows[0] if len(self.known_rows) else NOBODY)

    def silent(self, end_ms: int, ttl_ms: int) -> Rows:
        """Return the slots of series without events for so long and open alerts; never the whole shop."""
        slots = np.flatnonzero(self.rows >= 0) if self.subject.dims else np.zeros(0, np.int64)
        rows = self.rows[slots]
        silent = self.bank.members.silent(rows, end_ms, ttl_ms) & (self.bank.life["grade"][rows] == 0)
        return slots[np.flatnonzero(silent)]

    def miss(self) -> None:
        """Time passes of which nothing is known: it is not held against the series that they were silent."""
        self.bank.members["heard_ms"][self.rows[self.rows >= 0]] = 0

    def let_go(self, slots: Rows) -> None:
        """Give up the rows of these slots; events bring new ones."""
        self.bank.drop(self.rows[slots])
        self.rows[slots] = UNSEEN
        self._known = -1

    def forget_entities(self, slots: Rows) -> None:
        """Their entities are gone: whether the next ones are watched is to be seen."""
        self.rows[slots[slots < len(self.rows)]] = UNSEEN
        self._known = -1

    def take_rows(self, slots: Rows, rows: Rows) -> None:
        """Bind restored rows to their slots."""
        self._grow()
        self.rows[slots] = rows

    def _read(self, buckets: list[int]) -> list[tuple[NDArray[np.int64], Floats]]:
        """Return what each part came to in these buckets: observations and value per slot."""
        return [board.window(buckets) for board in self.boards]

    def _admit(self, counts: list[NDArray[np.int64]]) -> None:
        """Give a row to every entity with events in this window that the monitor watches.

        What the boards hold of later windows does not count: how far they have read ahead is chance.
        """
        seen = sum(board.seen_count for board in self.boards)
        if seen == self._known:
            return
        self._grow()
        waiting = np.zeros(len(self.roster), bool)
        for board in self.boards:
            waiting[: len(board.seen)] |= board.seen
        waiting &= self.rows == UNSEEN
        new = np.flatnonzero(waiting & np.logical_or.reduce([one > 0 for one in counts]))
        if len(new) == np.count_nonzero(waiting):
            self._known = seen
        if not len(new):
            return
        watched = np.array([not self.told or self._watches(self.roster.entities[slot]) for slot in new])
        self.rows[new[~watched]] = LEFT_OUT
        self.rows[new[watched]] = self.bank.admit(self.rule, int(watched.sum()))

    def _grow(self) -> None:
        more = len(self.roster) - len(self.rows)
        if more > 0:
            self.rows = np.concatenate([self.rows, np.full(more, UNSEEN, np.int64)])

    def _watches(self, entity: str) -> bool:
        dimensions = dimensions_of(entity)
        return all(dimensions.get(name) in allowed for name, allowed in self.subject.monitor.only.items())


def _at(window: tuple[NDArray[np.int64], Floats], slots: Rows) -> tuple[Floats, Floats]:
    counts, values = window
    return counts[slots].astype(np.float64), values[slots]
