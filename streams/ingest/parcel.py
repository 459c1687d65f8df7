"""Parcels: what a flush adds to one partial partition, in records that the broker takes.

Names of entities may be a kilobyte long: ten thousand events can come to more than one record holds.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from streams.partial import Cells, Partial, to_bytes

PARCEL_BYTES = 4 * 1_048_576  # half of what the partial topic takes; before compression

Groups = Mapping[str, Cells]


def parcels(before: Partial, partial: Partial, bytes_max: int = PARCEL_BYTES) -> Iterator[bytes]:
    """Yield the partial as records, mostly one.

    before: the last word of the source, which all records but the last repeat with a range that is empty:
    time moves on, and windows close, only with the last one.

    """
    data = to_bytes(partial)
    if len(data) <= bytes_max or _entries(partial.groups) < 2:
        yield data
        return
    first, second = _halves(partial.groups)
    again = before._replace(from_offset=before.to_offset, read=0, late=0)
    yield from parcels(before, again._replace(groups=first), bytes_max)
    yield from parcels(before, partial._replace(groups=second), bytes_max)


def _entries(groups: Groups) -> int:
    return sum(len(cells.entity) for cells in groups.values())


def _halves(groups: Groups) -> tuple[dict[str, Cells], dict[str, Cells]]:
    """Cut the entries, in the order of the groups, in the middle."""
    first: dict[str, Cells] = {}
    second: dict[str, Cells] = {}
    left = _entries(groups) // 2
    for key, cells in groups.items():
        cut = min(left, len(cells.entity))
        left -= cut
        if cut:
            first[key] = _part(cells, slice(0, cut))
        if cut < len(cells.entity):
            second[key] = _part(cells, slice(cut, None))
    return first, second


def _part(cells: Cells, entries: slice) -> Cells:
    codes, entity = np.unique(cells.entity[entries], return_inverse=True)
    return Cells(
        entities=[cells.entities[code] for code in codes.tolist()],
        entity=entity.astype(np.int32),
        panes=cells.panes[entries],
        counts=cells.counts[entries],
        values=cells.values[entries],
        times=cells.times[entries],
        ids=cells.ids[entries],
        registers=cells.registers[entries],
    )
