"""A tally: what the entries of some groups come to, cell by cell; exact integers, whatever the order."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.ingest import distinct
from streams.ingest.columns import Columns, Where
from streams.ingest.fingerprint import labels_of
from streams.plan import Group

SUM_MAX = 2**62  # sums stop here: no shop sells as much in a minute, and int64 still holds it

Ints = NDArray[np.int64]
_NO_INTS = np.empty(0, np.int64)
_NO_REGISTERS = np.empty(0, np.uint8)


class Chosen(NamedTuple):
    """Which entries of the columns each group counts: those of the first group, then of the second ..."""

    entries: Ints
    group: Ints


class Tally(NamedTuple):
    """Columns of `partial.Sheet`, one entry per cell and group that have any, in this order."""

    cell: Ints
    group: Ints
    counts: Ints
    values: Ints
    times: Ints = _NO_INTS
    ids: Sequence[str] = ()
    registers: NDArray[np.uint8] = _NO_REGISTERS


def stands_alone(group: Group) -> bool:
    """Whether a group is tallied without others: it keeps more than a number of each cell."""
    return group.aggregate in {"last", "distinct"}


def choose(groups: Sequence[Group], columns: Columns, wheres: Mapping[str, Where]) -> Chosen:
    """Return the entries that fulfil each group's conditions and have the field it reads."""
    parts = [_readable(group, columns, columns.chosen(wheres[group.metric])) for group in groups]
    return Chosen(np.concatenate(parts), np.repeat(np.arange(len(groups)), list(map(len, parts))))


def tally(groups: Sequence[Group], columns: Columns, chosen: Chosen, cell: Ints) -> Tally:
    """Aggregate the chosen entries, entry i into `cell[i]`; of a group that stands alone no other."""
    place = cell * len(groups) + chosen.group
    counts = np.bincount(place)
    touched = np.flatnonzero(counts)
    head = (*np.divmod(touched, len(groups)), counts[touched])
    if groups[0].aggregate == "last":
        return _last_tally(groups[0], columns, chosen.entries, place, head)
    if groups[0].aggregate == "distinct":
        rank = _rank(touched, len(counts))[place]
        registers = _registers(columns, groups[0].field, chosen.entries, rank, len(touched))
        return Tally(*head, np.zeros(len(touched), np.int64), registers=registers)
    values = np.zeros(len(counts), np.int64)
    for at, group in enumerate(groups):
        if group.aggregate != "count":
            mine = slice(*np.searchsorted(chosen.group, (at, at + 1)))
            _REDUCE[group.aggregate](values, place[mine], _fixed(group, columns, chosen.entries[mine]))
    return Tally(*head, values[touched])


def _readable(group: Group, columns: Columns, chosen: Ints) -> Ints:
    if group.aggregate == "count":
        return chosen
    if group.aggregate in {"distinct", "label"}:
        codes, values = columns.codes(group.field)
        have = np.fromiter((value is not None for value in values), np.bool_, len(values))
        return chosen[have[codes[chosen]]]
    return chosen[~np.isnan(columns.numbers(group.field)[chosen])]


def _fixed(group: Group, columns: Columns, entries: Ints) -> Ints:
    if group.aggregate == "label":
        codes, values = columns.codes(group.field)
        return labels_of(values)[codes[entries]]
    return np.rint(columns.numbers(group.field)[entries] * group.scale).astype(np.int64)


def _rank(touched: Ints, cells: int) -> Ints:
    """Return the place of each cell among those touched; of no meaning for the others."""
    rank = np.zeros(cells, np.int64)
    rank[touched] = np.arange(len(touched))
    return rank


def _last_tally(
    group: Group, columns: Columns, entries: Ints, place: Ints, head: tuple[Ints, Ints, Ints]
) -> Tally:
    times, ids = columns.times[entries], columns.ids
    rank = _rank(head[0], int(head[0][-1]) + 1)[place]  # the only group: places are cells
    last = _last(rank, times, [ids[entry] for entry in entries.tolist()])
    ids_last = [ids[entry] for entry in entries[last].tolist()]
    return Tally(*head, _fixed(group, columns, entries[last]), times[last], ids_last)


def _sum(into: Ints, place: Ints, fixed: Ints) -> None:
    if not len(fixed) or int(np.abs(fixed).max()) * len(fixed) < SUM_MAX:
        np.add.at(into, place, fixed)
        return
    exact: dict[int, int] = {}
    for at, value in zip(place.tolist(), fixed.tolist(), strict=True):
        exact[at] = exact.get(at, 0) + value
    for at, total in exact.items():
        into[at] = min(max(total, -SUM_MAX), SUM_MAX)


def _min(into: Ints, place: Ints, fixed: Ints) -> None:
    into[place] = np.iinfo(np.int64).max
    np.minimum.at(into, place, fixed)


def _max(into: Ints, place: Ints, fixed: Ints) -> None:
    into[place] = np.iinfo(np.int64).min
    np.maximum.at(into, place, fixed)


_REDUCE: Mapping[str, Callable[[Ints, Ints, Ints], None]] = {
    "sum": _sum,
    "min": _min,
    "max": _max,
    "label": _max,  # of two labels one wins, whatever the order
}


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
