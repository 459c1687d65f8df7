"""A tally: what the entries of one group come to, cell by cell; exact integers, whatever the order."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.ingest import distinct
from streams.ingest.columns import Columns
from streams.plan import Group

SUM_MAX = 2**62  # sums stop here: no shop sells as much in a minute, and int64 still holds it

Ints = NDArray[np.int64]
_NO_INTS = np.empty(0, np.int64)
_NO_REGISTERS = np.empty(0, np.uint8)


class Tally(NamedTuple):
    """Columns of `partial.Cells`, one entry per cell."""

    counts: Ints
    values: Ints
    times: Ints = _NO_INTS
    ids: tuple[str, ...] = ()
    registers: NDArray[np.uint8] = _NO_REGISTERS

    def part(self, start: int, end: int) -> "Tally":
        """Return the cells from start to end."""
        cells = slice(start, end)
        return Tally(
            self.counts[cells], self.values[cells], self.times[cells], self.ids[cells], self.registers[cells]
        )


def readable(group: Group, columns: Columns, chosen: Ints) -> Ints:
    """Return those of the chosen entries that have the field the group reads."""
    if group.aggregate == "count":
        return chosen
    if group.aggregate == "distinct":
        codes, values = columns.codes(group.field)
        have = np.fromiter((value is not None for value in values), np.bool_, len(values))
        return chosen[have[codes[chosen]]]
    return chosen[~np.isnan(columns.numbers(group.field)[chosen])]


def tally(group: Group, columns: Columns, chosen: Ints, cell: Ints, cells: int) -> tuple[Ints, Tally]:
    """Aggregate the chosen entries, entry i into `cell[i]` of so many cells.

    Return the cells touched, and what they come to.
    """
    counts = np.bincount(cell, minlength=cells)
    touched = np.flatnonzero(counts)
    counts = counts[touched]
    if group.aggregate == "count":
        return touched, Tally(counts, np.zeros(len(touched), np.int64))
    if group.aggregate == "distinct":
        registers = _registers(columns, group.field, chosen, _rank(touched, cells)[cell], len(touched))
        return touched, Tally(counts, np.zeros(len(touched), np.int64), registers=registers)
    fixed = np.rint(columns.numbers(group.field)[chosen] * group.scale).astype(np.int64)
    if group.aggregate == "last":
        return touched, _last_tally(columns, chosen, _rank(touched, cells)[cell], fixed, counts)
    return touched, Tally(counts, _REDUCE[group.aggregate](fixed, cell, cells)[touched])


def _rank(touched: Ints, cells: int) -> Ints:
    """Return the place of each cell among those touched; of no meaning for the others."""
    rank = np.zeros(cells, np.int64)
    rank[touched] = np.arange(len(touched))
    return rank


def _last_tally(columns: Columns, chosen: Ints, cell: Ints, fixed: Ints, counts: Ints) -> Tally:
    times, ids = columns.times[chosen], columns.ids
    last = _last(cell, times, [ids[entry] for entry in chosen.tolist()])
    return Tally(counts, fixed[last], times[last], tuple(ids[entry] for entry in chosen[last].tolist()))


def _sum(fixed: Ints, cell: Ints, cells: int) -> Ints:
    sums = np.zeros(cells, np.int64)
    if int(np.abs(fixed).max()) * len(fixed) < SUM_MAX:
        np.add.at(sums, cell, fixed)
        return sums
    exact = [0] * cells
    for at, value in zip(cell.tolist(), fixed.tolist(), strict=True):
        exact[at] += value
    return np.array([min(max(total, -SUM_MAX), SUM_MAX) for total in exact], np.int64)


def _min(fixed: Ints, cell: Ints, cells: int) -> Ints:
    least = np.full(cells, np.iinfo(np.int64).max)
    np.minimum.at(least, cell, fixed)
    return least


def _max(fixed: Ints, cell: Ints, cells: int) -> Ints:
    return -_min(-fixed, cell, cells)


_REDUCE: Mapping[str, Callable[[Ints, Ints, int], Ints]] = {"sum": _sum, "min": _min, "max": _max}


def _last(cell: Ints, times: Ints, ids: list[str]) -> Ints:
    """Return the entry of each cell that is greatest by (time, id); the later one of equal entries."""
    order = np.lexsort((times, cell))
    ends = np.flatnonzero(np.diff(cell[order], append=-1)) + 1
    latest = times[order[ends - 1]][cell[order]] == times[order]  # cells are numbered 0, 1, 2 ... without gap
    ties = np.flatnonzero(latest)
    firsts = ties[np.searchsorted(ties, np.concatenate(([0], ends[:-1])))]
    last = order[ends - 1]
    for at in np.flatnonzero(ends - firsts > 1).tolist():
        last[at] = max(order[firsts[at] : ends[at]].tolist(), key=lambda entry: (ids[entry], entry))
    return last


def _registers(columns: Columns, field: str, chosen: Ints, cell: Ints, cells: int) -> NDArray[np.uint8]:
    codes, values = columns.codes(field)
    register, rank = distinct.places(values)
    code = codes[chosen]
    registers = np.zeros(cells * distinct.REGISTERS, np.uint8)
    np.maximum.at(registers, cell * distinct.REGISTERS + register[code], rank[code])
    return registers.reshape(cells, distinct.REGISTERS)
