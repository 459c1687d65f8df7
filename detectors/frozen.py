"""Frozen rows: the state of some rows of a bank as of one moment, turned into bytes later.

Copying a million rows would stop the stream for seconds. What is small is copied at once; the detector's own
columns are read when somebody asks, or just before they change.
"""

from collections.abc import Sequence

import numpy as np

from detectors.columns import Columns, Rows
from detectors.table import Table


class FrozenRows:
    """A piece of a bank. Whoever changes the table calls `settle` of all pieces before.

    copies  other columns of the bank, picked at that moment; entries `first` and on are those of `rows`
    """

    def __init__(self, table: Table, rows: Rows, copies: Sequence[Columns], first: int) -> None:
        self._table = table
        self._rows = rows
        self._copies = copies
        self._entries = np.arange(first, first + len(rows))
        self._settled: bytes | None = None

    def settle(self) -> None:
        """Read the table now: it is about to change."""
        self._settled = self._table.dump(self._rows)

    def dump(self) -> list[bytes]:
        """Return the rows of the table, then those of the copies."""
        own = self._table.dump(self._rows) if self._settled is None else self._settled
        return [own, *(copy.dump(self._entries) for copy in self._copies)]
