"""A pile: sums that wait to be merged into the boards of one set of dimensions and one window size."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows
from streams.detect.board import Board
from streams.detect.bucket import Bucket
from streams.detect.cursor import Cursor
from streams.detect.roster import Roster
from streams.detect.window import Windows
from streams.partial import Sheet

WAITING_MAX = 64  # parts of a bucket
NONE = -1  # the place of a board that is not here

Ints = NDArray[np.int64]


class Part(NamedTuple):
    """Entries of a sheet that lie in one bucket.

    board  of each, by its place in the pile
    at     the entries' places in the sheet
    """

    start_ms: int
    board: Rows
    slots: Rows
    at: slice | Rows

    def of(self, board: int) -> tuple[Rows, Rows]:
        """Return the slots of a board's entries, and their places in the sheet."""
        mine = np.flatnonzero(self.board == board)
        return self.slots[mine], mine if isinstance(self.at, slice) else self.at[mine]


class Pile:
    """Boards that are filled together, and what is to be merged into them before they are read.

    What sixteen sources tell of a minute is merged in one go. Merging commutes, so when it is done changes
    nothing.
    """

    def __init__(self, windows: Windows, roster: Roster) -> None:
        self.windows = windows
        self.roster = roster
        self.boards: list[Board] = []
        self._waiting: dict[int, list[tuple[Rows, Rows, Ints, Ints]]] = {}  # by bucket

    def route(self, groups: Sequence[str]) -> "Route | None":
        """Return where sheets of these groups go; None: none of them has a board here."""
        places = {board.group.key: place for place, board in enumerate(self.boards)}
        board = np.array([places.get(group, NONE) for group in groups], np.int64)
        reading = [
            cursor for place in board.tolist() if place != NONE for cursor in self.boards[place].readers
        ]
        return Route(self, board, list(dict.fromkeys(reading))) if reading else None

    def parts(self, sheet: Sheet, board: Rows, slots: Rows) -> Iterator[Part]:
        """Yield what a sheet holds of each bucket; board: by group; slots: by cell."""
        known = board[sheet.group]
        for start_ms, cells in self._by_bucket(sheet.panes):
            at: slice | Rows = slice(None)
            if cells is not None or known.min() == NONE:
                inside = True if cells is None else cells[sheet.cell]
                at = np.flatnonzero((known != NONE) & inside)
            if len(known[at]):
                yield Part(start_ms, known[at], slots[sheet.cell[at]], at)

    def wait(self, part: Part, sheet: Sheet) -> None:
        """Keep a part of a sheet until `merge`; sheets of `last` and `distinct` cannot wait."""
        waiting = self._waiting.setdefault(part.start_ms, [])
        waiting.append((part.board, part.slots, sheet.counts[part.at], sheet.values[part.at]))
        if len(waiting) >= WAITING_MAX:
            self._merge(part.start_ms)

    def merge(self) -> None:
        """Merge all that waits."""
        for start_ms in list(self._waiting):
            self._merge(start_ms)

    def _merge(self, start_ms: int) -> None:
        board, slots, counts, values = map(np.concatenate, zip(*self._waiting.pop(start_ms), strict=True))
        order = np.argsort(board, kind="stable")
        slots, counts, values = slots[order], counts[order], values[order]
        bounds = np.searchsorted(board[order], np.arange(len(self.boards) + 1)).tolist()
        for one, (start, end) in zip(self.boards, pairwise(bounds), strict=True):
            if start < end:
                one.add(start_ms, slots[start:end], Bucket.of(counts[start:end], values[start:end]))

    def _by_bucket(self, panes: Ints) -> list[tuple[int, NDArray[np.bool_] | None]]:
        """Return the buckets that panes belong to, and which of the panes do; None: all of them."""
        first = self.windows.bucket_of(int(panes.min()))
        if int(panes.max()) < self.windows.next_bucket(first):
            return [(first, None)]
        distinct, inverse = np.unique(panes, return_inverse=True)
        starts = np.array([self.windows.bucket_of(pane) for pane in distinct.tolist()], np.int64)
        return [(start, (starts == start)[inverse]) for start in np.unique(starts).tolist()]


class Route(NamedTuple):
    """Where sheets of some groups go.

    board    of each group, by its place in the pile, or NONE
    readers  of these boards
    """

    pile: Pile
    board: Rows
    readers: list[Cursor]

    def in_time(self, start_ms: int) -> bool:
        """Whether no reader has closed this bucket, and all of them have begun."""
        return all(cursor.next_ms is not None and start_ms >= cursor.next_ms for cursor in self.readers)
