"""The Kafka key of an event: events of one visitor, order, article or number stay in one partition."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from streams.settings.model import EventKind

KEY_FIELD: dict[EventKind, str] = {
    "click": "user_id",
    "order": "order_id",
    "inventory": "sku",
    "metric": "name",
}


def key_reader(kind: EventKind, fields: Mapping[str, str]) -> Callable[[bytes], bytes | None]:
    """Return a function from an event's bytes to its key; None where there is none to read.

    fields: our names of fields -> the producer's. A CloudEvents envelope is looked into.
    """
    name = KEY_FIELD[kind]
    rename = {"key": fields.get(name, name)}
    inner = msgspec.defstruct("Keyed", [("key", object, None)], rename=rename)
    outer = msgspec.defstruct("KeyedOuter", [("key", object, None), ("data", object, None)], rename=rename)
    decode, convert = msgspec.json.Decoder(outer).decode, msgspec.convert

    def read(value: bytes) -> bytes | None:
        try:
            event: Any = decode(value)
            if event.key is None and isinstance(event.data, dict):
                event = convert(event.data, inner)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return event.key.encode() if isinstance(event.key, str) else None

    return read
