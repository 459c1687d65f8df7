"""Pools: what the series of each category come to in this partition; they lend to series of that category."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.bank import Bank
from detectors.columns import Rows
from detectors.loan import NOBODY
from detectors.table import Floats
from streams.detect.board import Board
from streams.detect.roster import Roster
from streams.detect.watch import UNSEEN, Subject, Watch, WatchKey
from streams.ingest.partitioner import partition_of
from streams.plan import CATEGORY

_NO_LABEL = -1


class Pools(Watch):
    """One row a category, told by nobody: the sum of the series that live here and are of it.

    A series is of the category that was last told of it in a window that has closed. Of two told in one
    window the greater fingerprint counts. Beyond `limit` categories share one pool.

    of      pool of each slot of the series; NOBODY: none was told yet
    homes   partitions that a backtest stands for: series that would not meet are not pooled together
    """

    def __init__(
        self,
        key: WatchKey,
        subject: Subject,
        boards: Sequence[Board],
        bank: Bank,
        rule: int,
        *,
        labels: Board,
        lender: Watch,
        limit: int,
        homes: int = 1,
    ) -> None:
        super().__init__(key, subject, (*boards, labels), bank, rule, lender=lender, told=False)
        self.of: Rows = np.zeros(0, np.int64)
        self._homes = homes
        self._pools = Roster((CATEGORY,), limit * homes)
        self._label = np.zeros(0, np.int64)  # of each pool

    @property
    def roster(self) -> Roster:
        """The categories: fingerprint and home."""
        return self._pools

    @property
    def series(self) -> Roster:
        """The series that are pooled."""
        return self.boards[0].roster

    def lends_to(self, slots: Rows) -> Rows:
        """See Watch.lends_to. A series whose category is not known borrows where the pools do."""
        self._grow()
        rows = np.append(self.rows, NOBODY)[self.of[slots]]  # NOBODY's is the last
        return np.where(rows == NOBODY, self.lent_by(slots), rows)

    def let_go(self, slots: Rows) -> None:
        """See Watch.let_go. Their series are of no category until one is told."""
        super().let_go(slots)
        self.of[np.isin(self.of, slots)] = NOBODY
        self._pools.release(slots)
        self._relabel()

    def forget_series(self, slots: Rows) -> None:
        """Series are gone from these slots: of which category the next ones are is to be told."""
        self.of[slots[slots < len(self.of)]] = NOBODY

    def restore(self, categories: Sequence[str], of: Rows) -> None:
        """Take more of a stored state: pools, and the pool of each series, in the order of their slots."""
        self._pools.restore(categories)
        self.of = np.concatenate([self.of, of])
        self._relabel()

    def _read(self, buckets: list[int]) -> list[tuple[NDArray[np.int64], Floats]]:
        *boards, labels = self.boards
        told = labels.merged(buckets)
        self._grow()
        slots = np.flatnonzero(told.counts)
        self._take(slots[slots != self.series.other], told.values)
        return [board.pooled(buckets, self.of, len(self._pools)) for board in boards]

    def _take(self, slots: Rows, labels: NDArray[np.int64]) -> None:
        """Note the labels told of some slots; nearly always the same as ever."""
        changed = slots[np.append(self._label, _NO_LABEL)[self.of[slots]] != labels[slots]]
        if not len(changed):
            return
        homes = [self._home_of(slot) for slot in changed.tolist()]
        names = [f"{label}/{home}" for label, home in zip(labels[changed].tolist(), homes, strict=True)]
        distinct = sorted(set(names))
        pools = self._pools.slots(distinct)
        pool_of = dict(zip(distinct, pools.tolist(), strict=True))
        self.of[changed] = [pool_of[name] for name in names]
        self._relabel()
        self._grow()
        new = np.unique(pools[self.rows[pools] == UNSEEN])
        self.rows[new] = self.bank.admit(self.rule, len(new))

    def _home_of(self, slot: int) -> int:
        return 0 if self._homes == 1 else partition_of(self.series.entities[slot], self._homes)

    def _relabel(self) -> None:
        labels = [name.partition("/")[0] for name in self._pools.entities]
        self._label = np.array([int(one) if one.isdigit() else _NO_LABEL for one in labels], np.int64)

    def _admit(self, counts: list[NDArray[np.int64]]) -> None:
        """Do nothing: a pool has a row from when its category is told."""

    def _grow(self) -> None:
        super()._grow()
        more = len(self.series) - len(self.of)
        if more > 0:
            self.of = np.concatenate([self.of, np.full(more, NOBODY, np.int64)])
