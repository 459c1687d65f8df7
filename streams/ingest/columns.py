"""Columns: events since the last flush, each field read once into an array, its values numbered."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from streams.ingest.event import LINE_NUMBERS, LINE_STRINGS, NUMBERS, STRINGS, Event
from streams.plan import Group
from streams.settings.model import EventKind, Scalar

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Where = Mapping[str, Scalar | list[Scalar]]
T = TypeVar("T")
LINE_FIELDS = LINE_STRINGS | LINE_NUMBERS


class Codes(NamedTuple):
    """A column whose values are numbered: `values[codes[i]]`; None = the event does not have the field."""

    codes: Ints
    values: list[Hashable]


class Reads(NamedTuple):
    """What is read of events: fields whose values are numbered, fields of numbers; and whether ids are."""

    coded: frozenset[str]
    numbers: frozenset[str]
    ids: bool


class Columns:
    """The columns of events that come batch by batch. One entry per event; the events are not kept.

    A thousand events become columns while they still lie in the processor's cache, and take a tenth of the
    memory until the flush.
    """

    def __init__(self, kind: EventKind, reads: Reads) -> None:
        self._kind = kind
        self._reads = reads
        self._numbering = {field: Numbering() for field in reads.coded}
        self._number_parts: dict[str, list[NDArray[np.float64]]] = {field: [] for field in reads.numbers}
        self._time_parts: list[Ints] = []
        self._ids: list[str] = []
        self._made: dict[Hashable, Any] = {}  # what was asked for since the last `add`

    def __len__(self) -> int:
        return sum(map(len, self._time_parts))

    def add(self, events: Sequence[Event]) -> None:
        """Take more events."""
        self._made = {}
        self._count(events)
        for field, numbering in self._numbering.items():
            numbering.add(self._column(events, field))
        for field, parts in self._number_parts.items():
            parts.append(np.array(self._column(events, field), dtype=np.float64))
        if self._reads.ids:
            self._ids += [event.event_id for event in events]

    @property
    def times(self) -> Ints:
        """Event times, epoch ms."""
        return self._once("times", lambda: _joined(self._time_parts, np.int64))

    @property
    def ids(self) -> list[str]:
        """Event ids."""
        return self._ids

    def codes(self, field: str) -> Codes:
        """Return a field with its values numbered in the order seen."""
        return self._once(("codes", field), self._numbering[field].codes)

    def numbers(self, field: str) -> NDArray[np.float64]:
        """Return a numeric field; NaN where an event does not have it."""
        return self._once(("numbers", field), lambda: _joined(self._number_parts[field], np.float64))

    def panes(self, pane_ms: int) -> tuple[Ints, Ints]:
        """Return the panes touched, as numbers since the epoch, and for each entry its place among them."""
        return self._once("panes", lambda: compact(self.times // pane_ms))

    def chosen(self, where: Where) -> Ints:
        """Return the entries that a metric counts."""
        return self._once(("chosen", repr(where)), lambda: self._choose(where))

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    def _count(self, events: Sequence[Event]) -> None:
        self._time_parts.append(np.fromiter(map(attrgetter("event_time"), events), np.int64, len(events)))

    def _choose(self, where: Where) -> Ints:
        if not where:
            return np.arange(len(self))
        first, *others = (self._matches(*item) for item in where.items())
        return np.flatnonzero(np.logical_and.reduce([first, *others]) if others else first)

    def _matches(self, field: str, wanted: Scalar | list[Scalar]) -> Mask:
        codes, values = self.codes(field)
        allowed = wanted if isinstance(wanted, list) else [wanted]
        return np.fromiter((value in allowed for value in values), np.bool_, len(values))[codes]

    def _column(self, events: Sequence[Event], field: str) -> list[Any]:
        return list(map(self._getter(field), events))

    def _getter(self, field: str) -> Callable[[Any], Any]:
        if self._kind == "metric" and field not in STRINGS["metric"] | NUMBERS["metric"]:
            return lambda event: event.dimensions.get(field)
        return attrgetter(field)


class LineColumns(Columns):
    """The same, one entry per line of each order; what a line does not have is its order's.

    The columns of orders take each batch before.
    """

    def __init__(self, orders: Columns, reads: Reads) -> None:
        super().__init__(orders._kind, reads._replace(coded=reads.coded & LINE_FIELDS, ids=False))
        self._orders = orders
        self._lengths: list[int] = []

    def __len__(self) -> int:
        return sum(self._lengths)

    @property
    def times(self) -> Ints:
        """Event times, epoch ms."""
        return self._once("times", lambda: self._orders.times[self._owner()])

    @property
    def ids(self) -> list[str]:
        """Event ids, once a line."""
        ids = self._orders.ids
        return [ids[owner] for owner in self._owner().tolist()]

    def codes(self, field: str) -> Codes:
        """Return a field with its values numbered in the order seen."""
        if field in LINE_FIELDS:
            return super().codes(field)
        codes, values = self._orders.codes(field)
        return Codes(self._once(("codes", field), lambda: codes[self._owner()]), values)

    def _count(self, events: Sequence[Event]) -> None:
        self._lengths += [len(event.lines) for event in events]  # type: ignore[attr-defined]

    def _owner(self) -> Ints:
        return self._once("owner", lambda: np.repeat(np.arange(len(self._lengths)), self._lengths))

    def _column(self, events: Sequence[Event], field: str) -> list[Any]:
        get = attrgetter(field)
        return [get(line) for event in events for line in event.lines]  # type: ignore[attr-defined]


class Numbering:
    """Numbers for values, given in the order they are first seen."""

    def __init__(self) -> None:
        self._table: defaultdict[Hashable, int] = defaultdict(count().__next__)
        self._parts: list[Ints] = []

    def add(self, column: list[Any]) -> None:
        """Take more values."""
        self._parts.append(np.fromiter(map(self._table.__getitem__, column), np.int64, len(column)))

    def codes(self) -> Codes:
        """Return the number of each value taken, and the values by number."""
        return Codes(_joined(self._parts, np.int64), list(self._table))


def reads_of(groups: Iterable[Group], wheres: Mapping[str, Where]) -> Reads:
    """Return what the groups read."""
    groups = tuple(groups)
    asked = {field for group in groups for field in (*group.dims, *wheres[group.metric])}
    texts = {group.field for group in groups if group.aggregate in {"distinct", "label"}}
    numbers = {group.field for group in groups if group.aggregate not in {"count", "distinct", "label"}}
    return Reads(
        frozenset(asked | texts), frozenset(numbers), any(group.aggregate == "last" for group in groups)
    )


def _joined(parts: list[NDArray[Any]], dtype: DTypeLike) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


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
