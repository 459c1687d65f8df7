"""Columns: pending events, each field read once into an array, its values numbered."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.ingest.event import LINE_NUMBERS, LINE_STRINGS, NUMBERS, STRINGS, Event
from streams.settings.model import EventKind, Scalar

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Where = Mapping[str, Scalar | list[Scalar]]


class Codes(NamedTuple):
    """A column whose values are numbered: `values[codes[i]]`; None = the event does not have the field."""

    codes: Ints
    values: list[Hashable]


class Columns:
    """The columns of a batch of events, made when first asked for. One entry per event."""

    def __init__(self, kind: EventKind, events: Sequence[Event]) -> None:
        self._kind = kind
        self._events = events
        self._codes: dict[str, Codes] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._masks: dict[str, Mask] = {}
        self._panes: tuple[Ints, Ints] | None = None
        self.times: Ints = np.fromiter(map(attrgetter("event_time"), events), np.int64, len(events))

    def __len__(self) -> int:
        return len(self.times)

    def codes(self, field: str) -> Codes:
        """Return a field with its values numbered in the order seen."""
        if field not in self._codes:
            self._codes[field] = self._number(field)
        return self._codes[field]

    def numbers(self, field: str) -> NDArray[np.float64]:
        """Return a numeric field; NaN where an event does not have it."""
        if field not in self._numbers:
            self._numbers[field] = np.array(self._column(field), dtype=np.float64)
        return self._numbers[field]

    def panes(self, pane_ms: int) -> tuple[Ints, Ints]:
        """Return the panes touched, as numbers since the epoch, and for each entry its place among them."""
        if self._panes is None:
            self._panes = compact(self.times // pane_ms)
        return self._panes

    def ids(self) -> list[str]:
        """Return the event ids."""
        return [event.event_id for event in self._events]

    def mask(self, where: Where) -> Mask | None:
        """Return which entries a metric counts; None = all."""
        if not where:
            return None
        key = repr(where)
        if key not in self._masks:
            self._masks[key] = np.logical_and.reduce([self._matches(*item) for item in where.items()])
        return self._masks[key]

    def _matches(self, field: str, wanted: Scalar | list[Scalar]) -> Mask:
        codes, values = self.codes(field)
        allowed = wanted if isinstance(wanted, list) else [wanted]
        return np.fromiter((value in allowed for value in values), np.bool_, len(values))[codes]

    def _number(self, field: str) -> Codes:
        return _numbered(self._column(field))

    def _column(self, field: str) -> list[Any]:
        return list(map(self._getter(field), self._events))

    def _getter(self, field: str) -> Callable[[Any], Any]:
        if self._kind == "metric" and field not in STRINGS["metric"] | NUMBERS["metric"]:
            return lambda event: event.dimensions.get(field)
        return attrgetter(field)


class LineColumns(Columns):
    """The same, one entry per line of each order; what a line does not have is its order's."""

    def __init__(self, orders: Columns) -> None:
        super().__init__(orders._kind, orders._events)
        self._orders = orders
        lengths = [len(event.lines) for event in self._events]  # type: ignore[attr-defined]
        self._owner = np.repeat(np.arange(len(lengths)), lengths)
        self.times = self.times[self._owner]

    def ids(self) -> list[str]:
        """Return the event ids, once a line."""
        ids = super().ids()
        return [ids[owner] for owner in self._owner.tolist()]

    def _number(self, field: str) -> Codes:
        if field in LINE_STRINGS or field in LINE_NUMBERS:
            return super()._number(field)
        codes, values = self._orders.codes(field)
        return Codes(codes[self._owner], values)

    def _column(self, field: str) -> list[Any]:
        get = attrgetter(field)
        return [get(line) for event in self._events for line in event.lines]  # type: ignore[attr-defined]


def _numbered(column: list[Any]) -> Codes:
    table: defaultdict[Hashable, int] = defaultdict(count().__next__)
    codes = np.fromiter(map(table.__getitem__, column), np.int64, len(column))
    return Codes(codes, list(table))


def compact(keys: Ints) -> tuple[Ints, Ints]:
    """Return the distinct keys, sorted, and for each key its place among them."""
    if not len(keys):
        return keys, keys
    low, high = int(keys.min()), int(keys.max())
    if high - low > 4 * len(keys) + 1024:  # sorting beats a table of the span
        distinct, place = np.unique(keys, return_inverse=True)
        return distinct, place
    shifted = keys - low
    seen = np.zeros(high - low + 1, np.bool_)
    seen[shifted] = True
    if seen.all():
        return np.arange(low, high + 1), shifted
    return np.flatnonzero(seen) + low, (np.cumsum(seen) - 1)[shifted]
