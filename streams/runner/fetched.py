"""What aiokafka fetched of one partition, taken by producers' batches: a quarter of a us less a record.

aiokafka itself still sorts out checksums, control records and aborted transactions: it is told that each
batch is one record.
"""

import weakref
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchError, FetchResult, PartitionRecords

from streams.machine import Record


class Results(OrderedDict[TopicPartition, FetchResult | FetchError]):
    """What aiokafka's fetcher keeps until it is asked for: its results are taken by batches."""

    def __setitem__(self, partition: TopicPartition, result: FetchResult | FetchError) -> None:
        if isinstance(result, FetchResult):
            result.getall = Fetched(result)
        super().__setitem__(partition, result)


class Fetched:
    """Stands in for `getall` of a FetchResult: the same records as they were decoded, the same positions."""

    def __init__(self, result: FetchResult) -> None:
        self._result = weakref.proxy(result)  # a cycle would keep megabytes until garbage is looked for
        result._partition_records._records = _Batches(result._partition_records._records)
        result._partition_records._consumer_record = _as_decoded
        self._rest: list[Record] = []  # of a batch that was handed out in part

    def __call__(self, max_records: int) -> list[Record]:
        """Return up to so many of the next records."""
        result: Any = self._result
        if not result.check_assignment(result._topic_partition) or not result.has_more():
            return []
        taken: list[Record] = []
        while len(taken) < max_records:
            batch = self._rest or _next_batch(result._partition_records)
            if batch is None:
                result._update_position()
                result._partition_records = None
                return taken
            room = max_records - len(taken)
            taken += batch[:room]
            self._rest = batch[room:]
        result._partition_records.next_fetch_offset = taken[-1].offset + 1
        result._update_position()
        return taken


def _next_batch(records: PartitionRecords) -> list[Record] | None:
    """Return the next records from the position on: a batch may begin before it."""
    position = records.next_fetch_offset
    batch: list[Record] | None = next(records, None)
    if batch is None or batch[0].offset >= position:
        return batch
    return [record for record in batch if record.offset >= position]


def _as_decoded(_: TopicPartition, batch: "_Whole") -> list[Record]:
    return batch.records


class _Batches:
    """Batches in a row, as aiokafka's MemoryRecords gives them, each with a single item."""

    def __init__(self, records: Any) -> None:
        self.has_next = records.has_next
        self._next_batch = records.next_batch

    def next_batch(self) -> "_Batch":
        return _Batch(self._next_batch())


class _Batch:
    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator["_Whole"]:
        records = list(self._batch)
        if records:
            yield _Whole(records)

    def __next__(self) -> Any:  # the marker of a control batch
        return next(self._batch)


class _Whole:
    """A batch as one record: its offset is that of its last one."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.offset = records[-1].offset
