"""Parcels: what a flush adds to one partial partition, in records that the broker takes.

Names of entities may be a kilobyte long: ten thousand events can come to more than one record holds.
"""

from collections.abc import Iterable, Iterator

from streams.partial import Partial, Sheet, to_bytes

PARCEL_BYTES = 4 * 1_048_576  # half of what the partial topic takes; before compression


def parcels(before: Partial, partial: Partial, bytes_max: int = PARCEL_BYTES) -> Iterator[bytes]:
    """Yield the partial as records, mostly one.

    before: the last word of the source, which all records but the last repeat with a range that is empty:
    time moves on, and windows close, only with the last one.

    """
    data = to_bytes(partial)
    cells = sum(len(sheet.panes) for sheet in partial.sheets)
    if len(data) <= bytes_max or cells < 2:
        yield data
        return
    first, second = _cut(partial.sheets, cells // 2)
    again = before._replace(from_offset=before.to_offset, read=0, late=0)
    yield from parcels(before, again._replace(sheets=first), bytes_max)
    yield from parcels(before, partial._replace(sheets=second), bytes_max)


def _cut(sheets: Iterable[Sheet], left: int) -> tuple[list[Sheet], list[Sheet]]:
    """Cut the cells, in the order of the sheets, after so many."""
    first: list[Sheet] = []
    second: list[Sheet] = []
    for sheet in sheets:
        cells = len(sheet.panes)
        cut = min(left, cells)
        left -= cut
        if cut:
            first.append(sheet.part(0, cut))
        if cut < cells:
            second.append(sheet.part(cut, cells))
    return first, second
