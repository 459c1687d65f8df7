"""The wire: rows of the simulated shop as JSON records of the three topics (schema version 1)."""

from collections.abc import Iterable, Sequence

import msgspec


class Click(msgspec.Struct, omit_defaults=True, gc=False):
    """A record of the click topic; key user_id."""

    event_id: str
    event_time: int
    type: str
    user_id: str
    session_id: str
    channel: str
    device: str
    region: str
    ip: str
    campaign: str = ""
    sku: str = ""
    category: str = ""
    cost: float | None = None


class Line(msgspec.Struct, gc=False):
    """A line of an order."""

    sku: str
    qty: int
    unit_price: float
    category: str


class Order(msgspec.Struct, omit_defaults=True):
    """A record of the order topic; key order_id. Amounts and quantities are negative when goods come back."""

    event_id: str
    event_time: int
    type: str
    order_id: str
    user_id: str
    region: str
    currency: str
    amount: float
    channel: str
    payment_method: str
    campaign: str = ""
    lines: list[Line] = []


class Stock(msgspec.Struct, omit_defaults=True, gc=False):
    """A record of the inventory topic; key sku: a movement has a delta, a level has on_hand."""

    event_id: str
    event_time: int
    type: str
    sku: str
    warehouse: str
    reason: str = ""
    delta: int | None = None
    on_hand: int | None = None
    ref: str = ""


_encode = msgspec.json.Encoder().encode


def encode(record: type[msgspec.Struct], columns: Sequence[Iterable[object]]) -> list[bytes]:
    """Return one JSON object a row; `columns` in the order of the record's fields."""
    return list(map(_encode, map(record, *columns)))
