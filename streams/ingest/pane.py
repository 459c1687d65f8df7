"""Panes: what a batch of events adds to each pane and entity of each group, split by partial partition."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from streams.ingest.columns import Columns, LineColumns, compact
from streams.ingest.event import Event
from streams.ingest.grid import Grid
from streams.ingest.tally import readable, tally
from streams.partial import Cells
from streams.plan import Group, build_plan
from streams.settings.model import EventKind, Settings


class Panes:
    """Aggregates events of one kind by the groups of the plan.

    An event that lacks a group's dimension or field does not count for it; for the whole shop (no
    dimensions) it always counts.
    """

    def __init__(self, settings: Settings, kind: EventKind) -> None:
        self._kind: EventKind = kind
        self._pane_ms = settings.time.pane_ms
        self._partitions = settings.kafka.partial_partitions
        self._wheres = {name: metric.where for name, metric in settings.metrics.items()}
        self._groups = [(group.key, group) for group in build_plan(settings) if group.event == kind]

    def cells(self, events: Sequence[Event]) -> list[dict[str, Cells]]:
        """Return the cells touched: for each partial partition, group key -> cells."""
        split: list[dict[str, Cells]] = [{} for _ in range(self._partitions)]
        plain = Columns(self._kind, events)
        lines: Columns | None = None
        grids: dict[tuple[bool, tuple[str, ...]], Grid] = {}
        for key, group in self._groups:
            if group.lines and lines is None:
                lines = LineColumns(plain)
            columns = lines if group.lines and lines is not None else plain
            if not len(columns):
                continue
            grid = grids.get((group.lines, group.dims))
            if grid is None:
                grid = Grid(columns, group.dims, self._pane_ms, self._partitions)
                grids[group.lines, group.dims] = grid
            for partition, cells in self._of_group(group, grid):
                split[partition][key] = cells
        return split

    def _of_group(self, group: Group, grid: Grid) -> Iterator[tuple[int, Cells]]:
        columns = grid.columns
        chosen = readable(group, columns, grid.chosen(columns.mask(self._wheres[group.metric])))
        if not len(chosen):
            return
        touched, place = compact(grid.cell[chosen])
        result = tally(group, columns, chosen, place, len(touched))
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
