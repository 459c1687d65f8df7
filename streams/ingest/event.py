"""Events in, schema version 1: one struct per kind of event, and which of their fields metrics can read."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from streams.settings.model import EventKind

EventTime = int | Annotated[datetime, msgspec.Meta(tz=True)]  # epoch ms, or RFC 3339 with its zone
ClickType = Literal[
    "impression",
    "click",
    "view",
    "search",
    "add_to_cart",
    "remove_from_cart",
    "favorite",
    "checkout",
    "purchase",
    "conversion",
]
OrderType = Literal["created", "paid", "payment_failed", "cancelled", "refunded", "shipped", "adjusted"]


class Event(msgspec.Struct, gc=False, kw_only=True):
    """What every event carries. Decoded events have `event_time` in epoch ms."""

    event_id: str
    event_time: EventTime
    type: str


class Click(Event, gc=False, kw_only=True):
    """A step of a visitor; keyed by user_id."""

    type: ClickType
    user_id: str | None = None
    session_id: str | None = None
    sku: str | None = None
    category: str | None = None
    campaign: str | None = None
    channel: str | None = None
    device: str | None = None
    region: str | None = None
    ip: str | None = None
    cost: float | None = None


class Line(msgspec.Struct, gc=False, kw_only=True):
    """One article of an order."""

    sku: str
    qty: float
    unit_price: float | None = None
    category: str | None = None

    @property
    def amount(self) -> float | None:
        """Quantity times unit price; None without a price."""
        return None if self.unit_price is None else self.qty * self.unit_price


class Order(Event, gc=False, kw_only=True):
    """A step in the life of an order; keyed by order_id. Negative amounts are legal."""

    type: OrderType
    order_id: str
    user_id: str | None = None
    region: str | None = None
    currency: str | None = None
    amount: float | None = None
    lines: list[Line] = []
    channel: str | None = None
    campaign: str | None = None
    payment_method: str | None = None


class Inventory(Event, gc=False, kw_only=True):
    """A movement of stock (`delta`) or its level (`on_hand`); keyed by sku."""

    type: Literal["movement", "level"]
    sku: str
    warehouse: str | None = None
    reason: str | None = None
    delta: float | None = None
    on_hand: float | None = None
    reserved: float | None = None
    expires_on: str | None = None
    ref: str | None = None

    @property
    def outflow(self) -> float | None:
        """Pieces that left the stock: -delta where delta is negative, else None."""
        return -self.delta if self.delta is not None and self.delta < 0 else None


class Number(Event, gc=False, kw_only=True):
    """Any number from outside (`shop.metric.v1`); keyed by name. Its dimensions are read like fields."""

    type: Literal["sample"]
    name: str
    value: float
    unit: str | None = None
    dimensions: dict[str, str] = {}


EVENTS: dict[EventKind, type[Event]] = {
    "click": Click,
    "order": Order,
    "inventory": Inventory,
    "metric": Number,
}

# What `sum`, `min`, `max`, `mean` and `last` can read. `outflow` and a line's `amount` are derived.
NUMBERS: dict[EventKind, frozenset[str]] = {
    "click": frozenset({"cost"}),
    "order": frozenset({"amount"}),
    "inventory": frozenset({"delta", "outflow", "on_hand", "reserved"}),
    "metric": frozenset({"value"}),
}
LINE_NUMBERS = frozenset({"qty", "unit_price", "amount"})

# What `distinct`, `where` and dimensions can read beside them; a metric event's own dimensions come on top.
STRINGS: dict[EventKind, frozenset[str]] = {
    kind: frozenset(event.__struct_fields__) - NUMBERS[kind] - {"event_time", "lines", "dimensions"}
    for kind, event in EVENTS.items()
}
LINE_STRINGS = frozenset({"sku", "category"})

# Bounded by `limits.amount_max`; other numbers only by what fixed point can hold.
MONEY = frozenset({"amount", "unit_price", "cost"})
