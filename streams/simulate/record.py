"""Records: what is on its way to the bus, as columns, and the queue that brings it into arrival order."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.settings.model import EventKind

KINDS: tuple[EventKind, ...] = ("click", "order", "inventory")


class Record(NamedTuple):
    """One record for the bus: times are epoch ms, `arrival_ms` is when it reaches the bus."""

    kind: EventKind
    key: bytes
    value: bytes
    event_time_ms: int
    arrival_ms: int


class Records(NamedTuple):
    """Columns of records; `kind` is an index into KINDS, `flaw` one into `noise.FLAWS`."""

    kind: NDArray[np.int8]
    key: NDArray[np.object_]
    value: NDArray[np.object_]
    event_time_ms: NDArray[np.int64]
    arrival_ms: NDArray[np.int64]
    flaw: NDArray[np.int8]

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Records":
        """Return some of the records, by mask or by index."""
        return Records._make(column[which] for column in self)

    def rows(self) -> Iterator[Record]:
        """Yield them one by one."""
        kinds = [KINDS[code] for code in self.kind.tolist()]
        columns = (column.tolist() for column in self[1:5])
        return map(Record, kinds, *columns)


NOTHING = Records._make(
    np.empty(0, dtype=dtype) for dtype in (np.int8, np.object_, np.object_, np.int64, np.int64, np.int8)
)


class Queue:
    """Records that have not arrived yet."""

    def __init__(self) -> None:
        self._waiting: list[Records] = [NOTHING]

    def add(self, records: Records) -> None:
        """Put records in; of two that arrive in the same ms, the one put in first comes first."""
        self._waiting.append(records)

    def take(self, before_ms: int) -> Records:
        """Return what arrives before a time, in arrival order."""
        waiting = Records._make(map(np.concatenate, zip(*self._waiting, strict=True)))
        due = waiting.arrival_ms < before_ms
        self._waiting = [waiting.take(~due)]
        arrived = waiting.take(due)
        return arrived.take(np.argsort(arrived.arrival_ms, kind="stable"))
