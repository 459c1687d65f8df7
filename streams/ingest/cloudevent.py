"""CloudEvents over Kafka: an envelope around an event, in headers (binary) or around it (structured)."""

from typing import NamedTuple

import msgspec

from streams.machine import Record

STRUCTURED = b"application/cloudevents+json"


class Envelope(NamedTuple):
    """The event's own bytes, and what the envelope knows about it where the event itself does not say."""

    data: bytes | msgspec.Raw
    event_id: str | None = None
    event_time: str | None = None
    type: str | None = None


class _Structured(msgspec.Struct, gc=False):
    data: msgspec.Raw
    id: str | None = None
    time: str | None = None
    type: str | None = None


_DECODER = msgspec.json.Decoder(_Structured)


def open_envelope(record: Record, value: bytes) -> Envelope:
    """Return what a record holds; without CloudEvents headers that is its value.

    Raises msgspec.DecodeError or UnicodeDecodeError if the envelope itself cannot be read.
    """
    headers = {name.lower(): text for name, text in record.headers if text is not None}
    if headers.get("content-type", b"").lower().startswith(STRUCTURED):
        outer = _DECODER.decode(value)
        return Envelope(outer.data, outer.id, outer.time, _last_word(outer.type))
    id_, time, type_ = (
        text.decode() if (text := headers.get(f"ce_{name}")) else None for name in ("id", "time", "type")
    )
    return Envelope(value, id_, time, _last_word(type_))


def _last_word(type_: str | None) -> str | None:
    """Return `created` of `com.example.order.created`: CloudEvents types are usually qualified."""
    return None if type_ is None else type_.rsplit(".", 1)[-1]
