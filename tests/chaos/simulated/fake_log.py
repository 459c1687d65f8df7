"""One partition of a log as Kafka keeps it: offsets with gaps, transactions, compaction.

What we rely on, and what the fake therefore does:
* A reader in read_committed mode sees the records of committed transactions, up to the first offset of the
  oldest transaction that is still open; never those of an aborted one.
* The end of a transaction occupies an offset, so offsets have gaps and the last one may be no record.
* Compaction keeps the newest committed value of each key; it never moves a record to another offset.
"""

from bisect import bisect_left
from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from streams.machine import Headers, Record


class Fate(Enum):
    """What became of a transaction."""

    OPEN = auto()
    COMMITTED = auto()
    ABORTED = auto()


class Transaction:
    """Records of several partitions with one fate, and the offsets of a group that share it."""

    def __init__(self) -> None:
        self.fate = Fate.OPEN
        self.logs: dict[FakeLog, int] = {}  # with the offset of its first record in each
        self.offsets: dict[tuple[str, str, int], tuple[int, str]] = {}

    def end(self, fate: Fate) -> None:
        """Decide; a marker is appended to every log written to."""
        self.fate = fate
        for log in self.logs:
            log.append_marker(self)


class New(NamedTuple):
    """A record that has no offset yet."""

    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Entry(NamedTuple):
    """What lies at an offset. `record` None: a marker."""

    offset: int
    record: Record | None
    transaction: Transaction | None

    @property
    def visible(self) -> Record | None:
        """Return the record if a read_committed reader may see it."""
        fate = Fate.COMMITTED if self.transaction is None else self.transaction.fate
        return self.record if fate is Fate.COMMITTED else None


class Fetched(NamedTuple):
    """What a fetch returned, and from where to fetch next."""

    records: Sequence[Record]
    position: int


class FakeLog:
    """One partition."""

    def __init__(self) -> None:
        self.end = 0  # offset of what is appended next
        self._entries: list[Entry] = []
        self._open: set[Transaction] = set()

    @property
    def start(self) -> int:
        """Return the first offset there is; compaction does not move it."""
        return 0

    @property
    def stable_end(self) -> int:
        """Return up to where a read_committed reader may read."""
        return min((one.logs[self] for one in self._open), default=self.end)

    def append(self, new: New, transaction: Transaction | None = None) -> None:
        """Append a record; it becomes visible with its transaction."""
        if transaction is not None and self not in transaction.logs:
            transaction.logs[self] = self.end
            self._open.add(transaction)
        self._append(Record(self.end, *new), transaction)

    def append_marker(self, transaction: Transaction) -> None:
        """Append the end of a transaction."""
        self._open.discard(transaction)
        self._append(None, transaction)

    def _append(self, record: Record | None, transaction: Transaction | None) -> None:
        self._entries.append(Entry(self.end, record, transaction))
        self.end += 1

    def fetch(self, position: int, count: int) -> Fetched:
        """Return at most `count` committed records from a position on."""
        records: list[Record] = []
        stable_end = self.stable_end
        for entry in self._from(position):
            if entry.offset >= stable_end:
                break
            if len(records) == count:
                return Fetched(records, entry.offset)
            if (record := entry.visible) is not None:
                records.append(record)
        return Fetched(records, stable_end)

    def committed(self) -> Sequence[Record]:
        """Return all records a read_committed reader sees."""
        return self.fetch(0, self.end).records

    def compact(self) -> None:
        """Drop what a newer committed record with the same key replaces, and markers."""
        stable_end = self.stable_end
        newest = {record.key: record.offset for record in self.committed()}
        self._entries = [
            entry
            for entry in self._entries
            if entry.offset >= stable_end
            or ((record := entry.visible) is not None and newest[record.key] == entry.offset)
        ]

    def _from(self, position: int) -> Sequence[Entry]:
        return self._entries[bisect_left(self._entries, position, key=lambda entry: entry.offset) :]
