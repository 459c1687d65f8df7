"""From a record to an event: decoding, validation and units in one step; what fails is a reject."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_type_hints

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.ingest.cloudevent import Envelope, open_envelope
from streams.ingest.event import EVENTS, Event, EventTime
from streams.ingest.exchange import Exchange
from streams.ingest.reject import Reason, Reject
from streams.ingest.schema import ENVELOPE_FIELDS, OLDEST_MS, decoded_type, number_bounds, usual_type
from streams.machine import Record
from streams.settings.model import EventKind, Settings

Ints = NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_REASONS: tuple[tuple[str, Reason], ...] = (  # by how msgspec words them
    (r"Object missing required field", "missing_field"),
    (r"Invalid enum value", "unknown_type"),
    (r".*`\$\.event_time`", "bad_time"),
    (r"Number out of range|Integer value out of range|Expected `float` [<>]", "out_of_range"),
)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Decoder:
    """Reads the records of one kind of event."""

    def __init__(self, settings: Settings, kind: EventKind) -> None:
        bounds = number_bounds(settings, kind)
        self._kind = kind
        self._limits = settings.limits
        self._exchange = Exchange(settings.currency, bounds["amount"])
        type_ = decoded_type(settings, kind, bounds)
        self._decoder = msgspec.json.Decoder(type_)
        self._usual = msgspec.json.Decoder(usual_type(settings, kind, bounds))
        self._type = get_type_hints(EVENTS[kind])["type"]
        self._complete = kind not in {"order", "inventory"}  # nothing to check beyond the envelope
        self._known = frozenset(type_.__struct_encode_fields__)

    def decode(self, record: Record) -> Event:
        """Return the event, its time in epoch ms, its amounts in the base currency. Raises Reject."""
        value = record.value
        if not value:
            raise Reject("empty", "the record has no value: send one JSON object a record")
        if len(value) > self._limits.record_bytes:
            raise Reject("too_large", f"{len(value)} bytes; the limit is {self._limits.record_bytes}")
        try:
            envelope = open_envelope(record, value) if record.headers else None
            event = self._decoder.decode(value if envelope is None else envelope.data)
        except _UNREADABLE as error:
            raise _reject_of(error) from None
        if envelope is not None:
            self._fill(event, envelope)
        self._check(event, record.timestamp)
        self._check_lengths(event, record)
        return cast(Event, event)

    def batch(self, records: Sequence[Record], record_ms: Ints) -> tuple[list[Event | None], Ints]:
        """Return what `decode` returns for each record, None where it raises; and event times, 0 there.

        `record_ms` are the records' timestamps. The same as one by one, and sooner.
        """
        values = [record.value or b"" for record in records]
        found = self._usual_events(values)
        times = _times(found)
        sizes = np.fromiter(map(len, values), np.int64, len(values))
        doubtful = (times == 0) | (times > record_ms + self._limits.ahead_ms)
        doubtful |= sizes > self._limits.record_bytes
        doubtful[[at for at, record in enumerate(records) if record.headers]] = True
        unchecked = sizes > self._limits.string_bytes if self._complete else ~doubtful
        for at in np.flatnonzero(unchecked & ~doubtful).tolist():
            found[at] = self._checked(found[at], records[at])
        for at in np.flatnonzero(doubtful).tolist():
            found[at] = self._tried(records[at])
        return found, _times(found) if doubtful.any() or unchecked.any() else times

    def _usual_events(self, values: Sequence[bytes]) -> list[Any]:
        """Return the events of the usual kind; None for all others, be they good or bad."""
        decoded = map(self._usual.decode, values)
        found: list[Any] = []
        while len(found) < len(values):
            try:
                found.extend(decoded)  # keeps what came before an error, and the map goes on after it
            except _UNREADABLE:
                found.append(None)
        return found

    def _tried(self, record: Record) -> Event | None:
        try:
            return self.decode(record)
        except Reject:
            return None

    def _checked(self, event: Any, record: Record) -> Event | None:
        try:
            self._check(event, record.timestamp)
            self._check_lengths(event, record)
        except Reject:
            return None
        return cast(Event, event)

    def unknown_fields(self, record: Record) -> int:
        """Return how many fields of the record nobody knows (0 if it is unreadable). Slow: for a sample."""
        try:
            data = open_envelope(record, record.value or b"").data
            fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        except _UNREADABLE:
            return 0
        return len(fields.keys() - self._known)

    def _fill(self, event: Any, envelope: Envelope) -> None:
        for name, type_ in zip(ENVELOPE_FIELDS, (str, EventTime, self._type), strict=True):
            text = getattr(envelope, name)
            if getattr(event, name) is None and text is not None:
                try:
                    setattr(event, name, msgspec.convert(text, type_))
                except msgspec.ValidationError as error:
                    reason: Reason = "bad_time" if name == "event_time" else "unknown_type"
                    raise Reject(reason, f"`{name}` of the CloudEvent: {error}") from None

    def _check(self, event: Any, record_ms: int) -> None:
        event_time = event.event_time
        if not event.event_id or event_time is None or event.type is None:
            missing = next(name for name in ENVELOPE_FIELDS if not getattr(event, name))
            raise Reject("missing_field", f"`{missing}` is missing or empty")
        if event_time.__class__ is not int:
            event_time = event.event_time = (event_time - _EPOCH) // _MS
        if event_time < OLDEST_MS:
            raise Reject("bad_time", f"event_time {event_time} lies before 2000: send epoch milliseconds")
        if event_time > record_ms + self._limits.ahead_ms:
            ahead_s = (event_time - record_ms) // 1000
            raise Reject("ahead_of_time", f"event_time is {ahead_s} s after its record's: check the clock")
        if self._kind == "order":
            self._exchange.to_base(event)
        elif self._kind == "inventory":
            _check_stock(event)

    def _check_lengths(self, event: object, record: Record) -> None:
        limit = self._limits.string_bytes
        if len(record.value or b"") <= limit:  # no string can be too long
            return
        for text in _texts(event):
            if len(text) * 4 > limit and len(text.encode()) > limit:
                raise Reject("text_too_long", f"`{text[:20]}...` is longer than {limit} bytes")


def _times(events: Sequence[Any]) -> Ints:
    return np.fromiter([0 if event is None else event.event_time for event in events], np.int64, len(events))


def _check_stock(event: Any) -> None:
    needed = "delta" if event.type == "movement" else "on_hand"
    if getattr(event, needed) is None:
        raise Reject("missing_field", f"a {event.type} needs `{needed}`")


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, msgspec.Struct):
        yield from _texts(msgspec.structs.astuple(node))
    elif isinstance(node, dict):
        yield from _texts((*node.keys(), *node.values()))
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _texts(item)


def _reject_of(error: Exception) -> Reject:
    message = str(error)
    if isinstance(error, RecursionError):
        return Reject("too_deep", "nested too deeply to be read")
    if isinstance(error, UnicodeDecodeError):
        return Reject("bad_utf8", message)
    if not isinstance(error, msgspec.ValidationError):
        return Reject("broken_json", message)
    wording = (reason for pattern, reason in _REASONS if re.match(pattern, message))
    return Reject(next(wording, "wrong_type"), message)
