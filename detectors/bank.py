"""A bank: the rows of all monitors that share a detector and a clock, judged in one call.

One call costs about half a millisecond whatever it holds, so thirty monitors of one series each cost what one
costs. Everything a monitor asks for beside the detector is in its rule.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows
from detectors.frozen import FrozenRows
from detectors.grading import MARGIN, OFTEN, Grades, Rules, dearer, evidence, grades_of, worth_telling
from detectors.lifecycle import OPENED, Lifecycle
from detectors.membership import Membership
from detectors.phase import COLD, GRADE_MAX_COLD
from detectors.rule import Rule, RuleBook
from detectors.table import Context, Floats, Judgement, Table


class Window(NamedTuple):
    """A closed window, epoch ms, half-open."""

    start_ms: int
    end_ms: int


class Verdict(NamedTuple):
    """What a bank says of one window: one entry per row observed.

    values     in the unit shown (a ratio as a ratio); judgement likewise
    raw        grade of this window by itself
    grade      grade of the row's open alert now, 0 = none
    change     0 nothing, else 1 + index in alert.CHANGES
    """

    window: Window
    rows: Rows
    values: Floats
    volume: Floats
    judgement: Judgement
    score: Floats
    side: Grades
    raw: Grades
    grade: Grades
    change: NDArray[np.int8]

    def only(self, entries: NDArray[np.bool_] | slice) -> "Verdict":
        """Return some entries: a copy for a mask, a view for a slice."""
        return self._map(lambda column: column[entries])

    def joined(self, other: "Verdict") -> "Verdict":
        """Return the entries of both."""
        columns = iter((*other[1:4], *other.judgement, *other[5:]))
        return self._map(lambda column: np.concatenate([column, next(columns)]))

    def _map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> "Verdict":
        first = [change(column) for column in self[1:4]]
        judgement = Judgement(*(change(column) for column in self.judgement))
        return Verdict._make([self.window, *first, judgement, *(change(column) for column in self[5:])])

    def detached(self) -> "Verdict":
        """Return the same verdict, not changed by what is taken over later."""
        told = {name: getattr(self, name).copy() for name in ("values", "volume", "score", "side", "raw")}
        return self._replace(**told)

    def take_over(self, at: Rows, new: "Verdict") -> None:
        """Put the entries of a restated verdict in the place of the old ones."""
        self.values[at], self.volume[at] = new.values, new.volume
        self.score[at], self.side[at], self.raw[at] = new.score, new.side, new.raw


class Bank:
    """Score, grade, tell, then learn."""

    def __init__(self, table: Table, rules: Sequence[Rule]) -> None:
        self.table = table
        self.rules = RuleBook(rules)
        self.life = Lifecycle()
        self.members = Membership()
        self._frozen: WeakSet[FrozenRows] = WeakSet()

    def admit(self, rule: int, n: int) -> Rows:
        """Add n series of a rule and return their rows."""
        rows = self.table.add(n)
        self.life.add(n)
        self.members.add(n)
        self.members["rule"][rows] = rule
        return rows

    def judge(self, rows: Rows, values: Floats, volume: Floats, context: Context, window: Window) -> Verdict:
        """Judge one window of the rows observed, then learn from it.

        values, context.exposure  as the detector takes them (a ratio: successes and trials), finite
        volume                    events behind each observation
        """
        judgement = self.table.score(rows, values, context)
        shown = self.table.shown(rows, values, context)
        self.members["phase"][rows] = self.table.phases(rows, judgement, self.members["age_s"][rows], context)
        rules = self.asked(rows)
        score, side = evidence(judgement, rules)
        telling = worth_telling(shown, judgement, self._volume(judgement, volume), rules)
        self.members.observe(rows, volume, window.end_ms)
        telling &= self.speaking(rows)
        raw = np.where(telling, np.minimum(grades_of(score, rules.cuts), rules.grade_max), 0).astype(np.int8)
        change = np.zeros(len(rows), np.int8)
        if not self.life.rest(rows, raw, window):
            eased = np.where(telling, np.minimum(grades_of(score + MARGIN, rules.cuts), rules.grade_max), 0)
            change = self._step(rows, raw, eased.astype(np.int8), side, window)
        self._settle()
        self.table.learn(rows, values, context)
        grade = self.life["grade"][rows].copy()
        return Verdict(window, rows, shown.copy(), volume, judgement, score, side, raw, grade, change)

    def _step(self, rows: Rows, raw: Grades, eased: Grades, side: Grades, window: Window) -> NDArray[np.int8]:
        persistence, resolve_after = self.rules.patience(self.members["rule"][rows])
        change = self.life.step(
            rows, raw, eased, side, persistence=persistence, resolve_after=resolve_after, window=window
        )
        self.cried(rows[change == OPENED])
        return change

    def asked(self, rows: Rows) -> Rules:
        """Return what monitors ask of the rows, and more of those that cry often.

        Rows that are cold may list, and page nobody. What has been told already keeps its grade, also into a
        day that is not familiar.
        """
        rules = self.rules.of(self.members["rule"][rows])
        if not self.table.CAUTIOUS:
            return rules
        cold, cries = self.members["phase"][rows] == COLD, self.members["cries"][rows]
        if cold.any():
            told = np.maximum(GRADE_MAX_COLD, self.life["grade"][rows])
            worst = np.where(cold, np.minimum(rules.grade_max, told), rules.grade_max)
            rules = rules._replace(grade_max=worst)
        if (cries > OFTEN).any():
            rules = rules._replace(cuts=rules.cuts + dearer(cries))
        return rules

    def cried(self, rows: Rows) -> None:
        """Note that the rows have opened an alert; what is said while cold is not held against them."""
        self.members["cries"][rows] += self.members["phase"][rows] != COLD

    def speaking(self, rows: Rows) -> NDArray[np.bool_]:
        """Whether a row's level of an `auto` monitor is the one that speaks for its series.

        Open alerts run to their end even when another level has taken over.
        """
        at_level = self.rules.speaks(self.members["rule"][rows], self.members["volume"][rows])
        return at_level | (self.life["grade"][rows] > 0)

    @property
    def row_bytes(self) -> int:
        """Bytes of state a row has."""
        return self.table.row_bytes + self.life.row_bytes + self.members.row_bytes

    def drop(self, rows: Rows) -> None:
        """Forget series; new ones take their rows."""
        self._settle()
        for part in (self.table, self.life, self.members):
            part.drop(rows)

    def freeze(self, rows: Rows, size: int) -> list[FrozenRows]:
        """Return the state of rows as it is now, in pieces of `size` rows; what is let go costs nothing."""
        copies = (self.life.picked(rows), self.members.picked(rows))
        starts = range(0, len(rows), size)
        pieces = [FrozenRows(self.table, rows[at : at + size], copies, at) for at in starts]
        self._frozen.update(pieces)
        return pieces

    def _settle(self) -> None:
        """Keep what is frozen and not read yet: the table is about to change."""
        for piece in self._frozen:
            piece.settle()
        self._frozen.clear()

    def _volume(self, judgement: Judgement, volume: Floats) -> Floats:
        """Events seen or, for counts, expected: an outage of a big series is not a small volume."""
        if self.table.kind == "count":
            return np.fmax(volume, judgement.expected)
        return volume
