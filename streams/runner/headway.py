"""Headway: how far an owner has come in its log."""

from collections.abc import Sequence
from typing import NamedTuple

from streams.machine import Record

CATCH_UP_MS = 5_000  # records older than this when read: we are behind, and throughput goes before latency


class Reached(NamedTuple):
    """A point of an owner's way: the offset after the last record, and how many it ever applied."""

    offset: int
    records: int


class Headway:
    """Counts what an owner has applied, and what of it is committed with all it led to.

    position   the offset after the last record applied
    committed  the offset committed
    unflushed  records applied since the last flush
    behind     the last record was old when it was applied
    """

    def __init__(self, position: int) -> None:
        self.position = position
        self.committed = position
        self.unflushed = 0
        self.behind = False
        self._taken = self._settled = 0
        self._record_ms: int | None = None  # when the last record applied was written

    @property
    def uncommitted(self) -> bool:
        """Whether an offset is to be committed."""
        return self.position != self.committed

    @property
    def held(self) -> int:
        """Records applied of which something is not committed."""
        return self._taken - self._settled

    @property
    def reached(self) -> Reached:
        """What a commit that begins now commits."""
        return Reached(self.position, self._taken)

    def apply(self, records: Sequence[Record], now_ms: int) -> None:
        """Know that these were applied."""
        self.position = records[-1].offset + 1
        self.unflushed += len(records)
        self._taken += len(records)
        self._record_ms = records[-1].timestamp
        self.behind = now_ms - self._record_ms > CATCH_UP_MS

    def commit(self, reached: Reached) -> None:
        """Know that all up to there was committed."""
        self.committed, self._settled = reached

    def settle(self) -> None:
        """Know that what was applied led to nothing that is to be committed."""
        self._settled = self._taken

    def age_s(self, now_ms: int) -> float | None:
        """Return the age of the last record applied; None before the first one."""
        return None if self._record_ms is None else max(0, now_ms - self._record_ms) / 1000
