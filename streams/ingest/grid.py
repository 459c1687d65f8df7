"""A grid: where each entry of some columns lies, by pane and entity, for one set of dimensions."""

from collections.abc import Hashable, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.series import entity_of
from streams.ingest.columns import Codes, Columns, compact
from streams.ingest.partitioner import partition_of
from streams.ingest.tally import Chosen

Ints = NDArray[np.int64]


class Grid:
    """Cells numbered by (partial partition, entity in the order seen, pane).

    cell      cell of each entry; of no meaning where `present` is False
    present   which entries have all the dimensions; None = all of them
    entities  names, in the cells' order; entity[c] and pane[c] say what cell c is
    starts    first cell of each partition, and the number of cells at the end
    """

    def __init__(self, columns: Columns, dims: tuple[str, ...], pane_ms: int, partitions: int) -> None:
        self.columns = columns
        self.present: NDArray[np.bool_] | None = None
        panes, pane = columns.panes(pane_ms)
        place, found = self._combine(dims)
        named = [_placed(dims, values, partitions) for values in found]
        homes = np.array([home for _, home in named], np.int64)
        order = np.argsort(homes, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        self.entities = [named[i][0] for i in order.tolist()]
        keys, self.cell = compact(rank[place] * len(panes) + pane)
        self.entity, pane_of = np.divmod(keys, max(len(panes), 1))
        self.pane = panes[pane_of] * pane_ms
        self.starts = np.searchsorted(homes[order][self.entity], np.arange(partitions + 1))

    def having(self, chosen: Chosen) -> Chosen:
        """Return those of the chosen entries that have the dimensions."""
        if self.present is None:
            return chosen
        have = self.present[chosen.entries]
        return Chosen(chosen.entries[have], chosen.group[have])

    def _combine(self, dims: tuple[str, ...]) -> tuple[Ints, Iterable[tuple[Hashable, ...]]]:
        """Return the entity's number of each entry, and the values of each entity."""
        if not dims:
            return np.zeros(len(self.columns), np.int64), [()]
        place, values = self._codes(dims[0])
        if len(dims) == 1:
            return place, zip(values, strict=True)
        for dim in dims[1:]:
            codes, values = self._codes(dim)
            place = compact(place * len(values) + codes)[1]
        samples = np.zeros(int(place.max()) + 1, np.int64)
        samples[place[::-1]] = np.arange(len(place))[::-1]
        columns = (self.columns.codes(dim) for dim in dims)
        read = [[values[code] for code in codes[samples].tolist()] for codes, values in columns]
        return place, zip(*read, strict=True)

    def _codes(self, dim: str) -> Codes:
        found = self.columns.codes(dim)
        if None in found.values:
            have = found.codes != found.values.index(None)
            self.present = have if self.present is None else self.present & have
        return found


@lru_cache(maxsize=200_000)
def _placed(dims: tuple[str, ...], values: tuple[Hashable, ...], partitions: int) -> tuple[str, int]:
    entity = entity_of((dim, str(value)) for dim, value in zip(dims, values, strict=True))
    return entity, partition_of(entity, partitions)
