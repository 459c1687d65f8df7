"""A lease: the right to read one partition from one offset on; what is fetched is handed on in order."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from streams.failure import Failure
from streams.machine import Record
from streams.runner.exit_code import AGAIN

if TYPE_CHECKING:
    from streams.runner.owner import Owner

QUEUED_MAX = 12_000  # records fetched and not yet applied, per partition; no more are fetched until it drains


class BatchLost(Failure):
    """Records before a batch never arrived at the machine: a bug, never to be skipped."""

    exit_code = AGAIN


class Batch(NamedTuple):
    """Records of one partition, out of one fetch. `follows` is where the batch before it ended."""

    lease: "Lease"
    follows: int
    records: Sequence[Record]

    @property
    def end(self) -> int:
        """Return the offset after the last record."""
        return self.records[-1].offset + 1


class Lease:
    """Counts what is on its way to the owner. A new one is made whenever reading starts anew somewhere.

    A closed lease marks everything that was fetched under it as void: it will be read again.
    """

    def __init__(self, owner: "Owner", offset: int) -> None:
        self.owner = owner
        self.open = True
        self.queued = 0  # records handed on and not yet taken
        self._next = offset

    @property
    def wanted(self) -> bool:
        """Whether more may be fetched: bounds the memory between consumer and machine."""
        return self.open and self.queued < QUEUED_MAX and self.owner.room

    def hand(self, records: Sequence[Record]) -> Batch:
        """Return the records as the next batch. Gaps are normal: markers of transactions occupy offsets."""
        batch = Batch(self, self._next, records)
        if records[0].offset < self._next:
            raise BatchLost(f"fetched offset {records[0].offset} after {self._next}: restart the worker")
        self._next = batch.end
        self.queued += len(records)
        return batch

    def close(self) -> None:
        """Void what is on its way."""
        self.open = False
