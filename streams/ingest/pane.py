"""Panes: what a batch of events adds to each pane and entity of each group, split by partial partition."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from streams.ingest.columns import LINE_FIELDS, Columns, LineColumns, compact, reads_of
from streams.ingest.event import Event
from streams.ingest.grid import Grid
from streams.ingest.tally import readable, tally
from streams.partial import Cells
from streams.plan import Group, build_plan
from streams.settings.model import EventKind, Settings

FOLD = 1_000  # events that are made into columns together


class Panes:
    """Aggregates events of one kind by the groups of the plan.

    An event that lacks a group's dimension or field does not count for it; for the whole shop (no
    dimensions) it always counts.
    """

    def __init__(self, settings: Settings, kind: EventKind) -> None:
        self._kind: EventKind = kind
        self._pane_ms = settings.time.pane_ms
        self._partitions = settings.kafka.partial_partitions
        self._groups = [(group.key, group) for group in build_plan(settings) if group.event == kind]
        self._wheres = {group.metric: settings.metrics[group.metric].where for _, group in self._groups}
        self._events: list[Event] = []  # not yet in columns
        self._clear()

    def add(self, events: Sequence[Event]) -> None:
        """Take events to be summed."""
        self._events += events
        if len(self._events) >= FOLD:
            self._fold()

    def cells(self) -> list[dict[str, Cells]]:
        """Return the cells touched since the last call: for each partial partition, group key -> cells."""
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
        groups = [group for _, group in self._groups]
        by_line = [group for group in groups if group.lines]
        lines, whole = reads_of(by_line, self._wheres), reads_of(groups, self._wheres)
        plain = reads_of([group for group in groups if not group.lines], self._wheres)
        # what lines do not have they ask their orders for
        coded = plain.coded | lines.coded - LINE_FIELDS
        self._plain = Columns(self._kind, plain._replace(coded=coded, ids=whole.ids))
        self._lines = LineColumns(self._plain, lines) if by_line else None

    def _split(self) -> list[dict[str, Cells]]:
        split: list[dict[str, Cells]] = [{} for _ in range(self._partitions)]
        grids: dict[tuple[bool, tuple[str, ...]], Grid] = {}
        for key, group in self._groups:
            columns = self._lines if group.lines and self._lines is not None else self._plain
            if not len(columns):
                continue
            grid = grids.get((group.lines, group.dims))
            if grid is None:
                grid = Grid(columns, group.dims, self._pane_ms, self._partitions)
                grids[group.lines, group.dims] = grid
            found = list(self._of_group(group, grid))
            if group.everywhere:
                found = [(partition, cells) for _, cells in found for partition in range(self._partitions)]
            for partition, cells in found:
                split[partition][key] = cells
        return split

    def _of_group(self, group: Group, grid: Grid) -> Iterator[tuple[int, Cells]]:
        chosen = readable(group, grid.columns, grid.chosen(self._wheres[group.metric]))
        if not len(chosen):
            return
        touched, result = tally(group, grid.columns, chosen, grid.cell[chosen], len(grid.pane))
        entities, entity = compact(grid.entity[touched])
        panes = grid.pane[touched]
        bounds = np.searchsorted(touched, grid.starts).tolist()
        for partition, (start, end) in enumerate(pairwise(bounds)):
            if start == end:
                continue
            first, last = entity[start], entity[end - 1]  # a partition's cells and entities lie together
            part = result.part(start, end)
            yield (
                partition,
                Cells(
                    [grid.entities[i] for i in entities[first : last + 1].tolist()],
                    (entity[start:end] - first).astype(np.int32),
                    panes[start:end],
                    part.counts,
                    part.values,
                    part.times,
                    list(part.ids),
                    part.registers,
                ),
            )
