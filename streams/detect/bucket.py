"""A bucket: the sums of one stretch of event time, by slot; and how parts of it are merged.

Merging commutes: sums are exact, minima and maxima are, the last value is decided by (event_time, event_id),
registers take the maximum. So the order of partials does not matter.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows
from streams.ingest.distinct import REGISTERS
from streams.partial import Sheet
from streams.plan import Aggregate

Ints = NDArray[np.int64]
_NO_TIMES = np.zeros(0, np.int64)
_NO_REGISTERS = np.zeros((0, 0), np.uint8)


class Bucket:
    """Sums of one bucket: counts and values by slot, grown as entities come."""

    __slots__ = ("counts", "ids", "registers", "times", "values")

    def __init__(self, aggregate: Aggregate) -> None:
        self.counts = np.zeros(0, np.int64)
        self.values = np.zeros(0, np.int64)
        self.times = np.zeros(0, np.int64)
        self.ids: dict[int, str] = {}
        self.registers = np.zeros((0, REGISTERS if aggregate == "distinct" else 0), np.uint8)

    @classmethod
    def of(
        cls,
        counts: Ints,
        values: Ints,
        times: Ints = _NO_TIMES,
        ids: Sequence[str] = (),
        registers: NDArray[np.uint8] = _NO_REGISTERS,
    ) -> "Bucket":
        """Return a bucket whose entry i has these columns."""
        bucket = cls.__new__(cls)
        bucket.counts, bucket.values, bucket.times, bucket.registers = counts, values, times, registers
        bucket.ids = dict(enumerate(ids))
        return bucket

    def copied(self) -> "Bucket":
        """Return a bucket of its own with the same sums."""
        columns = (self.counts.copy(), self.values.copy(), self.times.copy())
        bucket = Bucket.of(*columns, registers=self.registers.copy())
        bucket.ids = dict(self.ids)
        return bucket

    def reserve(self, size: int, neutral: int) -> None:
        """Make room for `size` slots."""
        more = size - len(self.counts)
        if more > 0:
            self.counts = np.concatenate([self.counts, np.zeros(more, np.int64)])
            self.values = np.concatenate([self.values, np.full(more, neutral, np.int64)])
            self.times = np.concatenate([self.times, np.full(more, -(2**62), np.int64)])
            blank = np.zeros((more, self.registers.shape[1]), np.uint8)
            self.registers = np.concatenate([self.registers, blank])


def combine(aggregate: Aggregate, into: Bucket, slots: Rows, part: Bucket) -> None:
    """Merge entries of a part into these slots; the same slot may occur more than once."""
    if aggregate == "sum":
        np.add.at(into.values, slots, part.values)
    elif aggregate == "min":
        np.minimum.at(into.values, slots, part.values)
    elif aggregate in {"max", "label"}:
        np.maximum.at(into.values, slots, part.values)
    elif aggregate == "distinct":
        np.maximum.at(into.registers, slots, part.registers)
    elif aggregate == "last":
        _take_last(into, slots, part)
    np.add.at(into.counts, slots, part.counts)


def part_of(sheet: Sheet, entries: Rows) -> Bucket:
    """Return entries of a sheet; what their aggregate does not have stays empty."""
    times = sheet.times[entries] if len(sheet.times) else sheet.times
    registers = sheet.registers[entries] if len(sheet.registers) else sheet.registers
    ids = [sheet.ids[entry] for entry in entries.tolist()] if sheet.ids else ()
    return Bucket.of(sheet.counts[entries], sheet.values[entries], times, ids, registers)


def _take_last(into: Bucket, slots: Rows, part: Bucket) -> None:
    for i, slot in enumerate(slots.tolist()):
        if part.counts[i] == 0:
            continue
        new = (int(part.times[i]), part.ids.get(i, ""))
        if new > (int(into.times[slot]), into.ids.get(slot, "")):
            into.times[slot], into.ids[slot] = new
            into.values[slot] = part.values[i]
