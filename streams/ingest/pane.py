"""Panes: what a batch of events adds to each pane and entity of each group, split by partial partition."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from streams.ingest.columns import LINE_FIELDS, Columns, LineColumns, compact, reads_of
from streams.ingest.event import Event
from streams.ingest.grid import Grid
from streams.ingest.tally import Chosen, choose, stands_alone, tally
from streams.partial import Sheet
from streams.plan import Group, build_plan
from streams.settings.model import EventKind, Settings

FOLD = 100  # events are made into columns once there are so many: little is left to do when a window ends
GROUPS = 32  # of a sheet: bounds the table of its cells


class Panes:
    """Aggregates events of one kind by the groups of the plan.

    An event that lacks a group's dimension or field does not count for it; for the whole shop (no
    dimensions) it always counts.
    """

    def __init__(self, settings: Settings, kind: EventKind) -> None:
        self._kind: EventKind = kind
        self._pane_ms = settings.time.pane_ms
        self._partitions = settings.kafka.partial_partitions
        self._groups = [group for group in build_plan(settings) if group.event == kind]
        self._sheets = _sharing(self._groups)
        self._wheres = {group.metric: settings.metrics[group.metric].where for group in self._groups}
        by_line = [group for group in self._groups if group.lines]
        lines, whole = reads_of(by_line, self._wheres), reads_of(self._groups, self._wheres)
        plain = reads_of([group for group in self._groups if not group.lines], self._wheres)
        # what lines do not have they ask their orders for
        coded = plain.coded | lines.coded - LINE_FIELDS
        self._reads = plain._replace(coded=coded, ids=whole.ids)
        self._line_reads = lines if by_line else None
        self._events: list[Event] = []  # not yet in columns
        self._clear()

    def add(self, events: Sequence[Event]) -> None:
        """Take events to be summed."""
        self._events += events
        if len(self._events) >= FOLD:
            self._fold()

    def sheets(self) -> list[list[Sheet]]:
        """Return what was added since the last call, for each partial partition."""
        self._fold()
        split = self._split()
        self._clear()
        return split

    def _fold(self) -> None:
        events, self._events = self._events, []
        if events:
            self._plain.add(events)
            if self._lines is not None:
                self._lines.add(events)

    def _clear(self) -> None:
        self._plain = Columns(self._kind, self._reads)
        self._lines = None if self._line_reads is None else LineColumns(self._plain, self._line_reads)

    def _split(self) -> list[list[Sheet]]:
        split: list[list[Sheet]] = [[] for _ in range(self._partitions)]
        grids: dict[tuple[bool, tuple[str, ...]], Grid] = {}
        chosen: dict[tuple[str, ...], Chosen] = {}
        for groups in self._sheets:
            lines, dims = groups[0].lines, groups[0].dims
            columns = self._lines if lines and self._lines is not None else self._plain
            if not len(columns):
                continue
            metrics = tuple(group.metric for group in groups)
            if metrics not in chosen:
                chosen[metrics] = choose(groups, columns, self._wheres)
            if (lines, dims) not in grids:
                grids[lines, dims] = Grid(columns, dims, self._pane_ms, self._partitions)
            _deal(split, groups, grids[lines, dims], chosen[metrics])
        return split


def _sharing(groups: Iterable[Group]) -> list[list[Group]]:
    """Return the groups that share a sheet: those of the same dimensions, but not all of hundreds."""
    sheets: dict[tuple[object, ...], list[list[Group]]] = {}
    for group in groups:
        alone = group.metric if stands_alone(group) else ""
        alike = sheets.setdefault((group.lines, group.dims, group.everywhere, alone), [[]])
        if len(alike[-1]) == GROUPS:
            alike.append([])
        alike[-1].append(group)
    return [sheet for alike in sheets.values() for sheet in alike]


def _deal(split: list[list[Sheet]], groups: Sequence[Group], grid: Grid, chosen: Chosen) -> None:
    """Add what the groups come to to the partitions that it belongs to."""
    chosen = grid.having(chosen)
    if not len(chosen.entries):
        return
    sums = tally(groups, grid.columns, chosen, grid.cell[chosen.entries])
    cells, cell = compact(sums.cell)
    entities, entity = compact(grid.entity[cells])
    names = [grid.entities[at] for at in entities.tolist()]
    places = entity.astype(np.int32), grid.pane[cells], sums.group.astype(np.int32), cell.astype(np.int32)
    sheet = Sheet._make([[group.key for group in groups], names, *places, *sums[2:]])
    if groups[0].everywhere:
        for sheets in split:
            sheets.append(sheet)
        return
    for sheets, (first, last) in zip(
        split, pairwise(np.searchsorted(cells, grid.starts).tolist()), strict=True
    ):
        if first < last:
            sheets.append(sheet.part(first, last))
