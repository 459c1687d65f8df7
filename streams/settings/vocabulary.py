"""The vocabulary of events: what metrics may filter by and add up, and what monitors may split by."""

from typing import NamedTuple, get_args, get_type_hints

from streams.ingest.event import EVENTS, LINE_NUMBERS, LINE_STRINGS, NUMBERS, STRINGS, Line
from streams.settings.model import EventKind, Metric


class Vocabulary(NamedTuple):
    """Names of one kind of event."""

    types: frozenset[str]
    texts: frozenset[str]
    numbers: frozenset[str]
    dimensions: frozenset[str]
    any_dimension: bool = False  # samples from outside bring their own


# Never a dimension: personal data must not reach an alert, and one series per order or person says nothing.
PERSONAL: dict[str, str] = {
    "user_id": "it is personal data",
    "session_id": "it is personal data",
    "ip": "it is personal data",
    "order_id": "each order would be a series of its own, and it leads to a person",
    "event_id": "each event would be a series of its own",
    "ref": "each document would be a series of its own, and it leads to a person",
}


def _vocabulary(kind: EventKind) -> Vocabulary:
    texts = STRINGS[kind] - {"type"}
    return Vocabulary(
        types=frozenset(get_args(get_type_hints(EVENTS[kind])["type"])),
        texts=texts,
        numbers=NUMBERS[kind],
        dimensions=texts - set(PERSONAL),
        any_dimension=kind == "metric",
    )


VOCABULARY: dict[EventKind, Vocabulary] = {kind: _vocabulary(kind) for kind in EVENTS}


def vocabulary_of(metric: Metric) -> Vocabulary:
    """Return the names a base metric may use. Its `event` must be given."""
    assert metric.event is not None  # noqa: S101 (callers look first)
    words = VOCABULARY[metric.event]
    if not metric.lines:
        return words
    return words._replace(
        texts=words.texts | LINE_STRINGS,
        numbers=words.numbers | LINE_NUMBERS,
        dimensions=words.dimensions | LINE_STRINGS,
    )


def fields_of(kind: EventKind) -> frozenset[str]:
    """Return the fields of a kind of event, lines included: what `fields:` may rename."""
    structs = (EVENTS[kind], Line) if kind == "order" else (EVENTS[kind],)
    return frozenset(field for struct in structs for field in struct.__struct_fields__)
