"""Orders: what becomes of purchases, from created to refunded, and what leaves the warehouse for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.simulate.funnel import Journeys
from streams.simulate.shop import Shop

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHIP_MAX_MS = 24 * 3_600_000
REFUND_MAX_MS = 11 * 3_600_000
CANCEL_MAX_MS = 3_600_000
PAYMENT_MAX_MS = 600_000
AFTER_MAX_MS = SHIP_MAX_MS + REFUND_MAX_MS + CANCEL_MAX_MS  # nothing happens to an order later than that
PICK_MS = 1_000  # from payment to the movement of the goods


class Step(NamedTuple):
    """Something that may happen to orders: to which of them, when, and whether the goods come back.

    One entry an order in `which` and `event_time`, so that a fault does not move the chances of the others.
    """

    type: str
    which: Flags
    event_time: Ints
    back: bool = False


class Moves(NamedTuple):
    """Goods that move for orders: one entry a line. `change` is negative when they leave."""

    line: Ints
    event_time: Ints
    change: Ints


@dataclass
class Orders:
    """One entry an order, in the order of the journeys' buyers; one entry a line (`line_*`).

    declined   whether the first and the second try to pay fail (n, 2); faults set it
    retried    whether there is a second try
    unit_price of each line; faults set it
    lost       the order is never made, nor its purchase; faults set it
    """

    buyer: Ints
    lost: Flags
    created_ms: Ints
    tried_ms: Ints
    declined: Flags
    retried: Flags
    method: Ints
    cancelled: Flags
    refunded: Flags
    after_ms: Ints  # columns: to cancel, to cancel when unpaid, to ship, to refund after that
    line_order: Ints
    line_sku: Ints
    quantity: Ints
    unit_price: NDArray[np.float64]

    @property
    def paid(self) -> Flags:
        """Return which are paid in the end."""
        return ~self.lost & (~self.declined[:, 0] | (self.retried & ~self.declined[:, 1]))

    @property
    def paid_ms(self) -> Ints:
        """Return when, for those that are."""
        return np.where(self.declined[:, 0], self.tried_ms[:, 1], self.tried_ms[:, 0])

    @property
    def amount(self) -> NDArray[np.float64]:
        """Return the sum of the lines, to the cent."""
        lines = self.quantity * self.unit_price
        return np.round(np.bincount(self.line_order, weights=lines, minlength=len(self.lost)), 2)

    def steps(self) -> Iterator[Step]:
        """Yield what happens, kind by kind."""
        paid, paid_ms = self.paid, self.paid_ms
        made = ~self.lost
        again = made & self.declined[:, 0] & self.retried
        regretted = paid & self.cancelled
        unpaid = made & ~paid
        shipped = paid & ~self.cancelled
        shipped_ms = paid_ms + self.after_ms[:, 2]
        refunded = shipped & self.refunded
        yield Step("created", made, self.created_ms)
        yield Step("payment_failed", made & self.declined[:, 0], self.tried_ms[:, 0])
        yield Step("payment_failed", again & self.declined[:, 1], self.tried_ms[:, 1])
        yield Step("paid", paid, paid_ms)
        yield Step("cancelled", regretted, paid_ms + self.after_ms[:, 0], back=True)
        yield Step("cancelled", unpaid, self.created_ms + self.after_ms[:, 1], back=True)
        yield Step("shipped", shipped, shipped_ms)
        yield Step("refunded", refunded, shipped_ms + self.after_ms[:, 3], back=True)

    def moves(self) -> tuple[Moves, Moves]:
        """Return the goods that leave for paid orders, and those that come back for cancelled ones."""
        order = self.line_order
        sold = np.flatnonzero(self.paid[order])
        back = np.flatnonzero((self.paid & self.cancelled)[order])
        left_ms = (self.paid_ms + PICK_MS)[order]
        back_ms = (self.paid_ms + self.after_ms[:, 0] + PICK_MS)[order]
        return (
            Moves(sold, left_ms[sold], -self.quantity[sold]),
            Moves(back, back_ms[back], self.quantity[back]),
        )


def take_orders(shop: Shop, journeys: Journeys, rng: np.random.Generator) -> Orders:
    """Return the orders of all purchases."""
    size, lines = len(journeys.buyer), len(journeys.line_buyer)
    sale = shop.sale
    wait = _waits(rng, size, (sale.payment_s, sale.retry_s), PAYMENT_MAX_MS)
    return Orders(
        buyer=journeys.buyer,
        lost=np.zeros(size, dtype=np.bool_),
        created_ms=journeys.bought_ms,
        tried_ms=journeys.bought_ms[:, None] + np.cumsum(wait, axis=1),
        declined=rng.random((size, 2)) < sale.payment_failed,
        retried=rng.random(size) < sale.retried,
        method=shop.payment_methods.draw(rng, size),
        cancelled=rng.random(size) < sale.cancelled,
        refunded=rng.random(size) < sale.refunded,
        after_ms=_afterwards(shop, rng, size),
        line_order=journeys.line_buyer,
        line_sku=journeys.line_sku,
        quantity=np.minimum(rng.geometric(0.75, lines), 12),
        unit_price=shop.shelf.prices[journeys.line_sku],
    )


def _afterwards(shop: Shop, rng: np.random.Generator, size: int) -> Ints:
    sale = shop.sale
    cancel = _waits(rng, size, (sale.cancel_s,), CANCEL_MAX_MS)
    unpaid = np.rint(sale.unpaid_cancel_s * 1000 + rng.integers(0, 60_000, (size, 1))).astype(np.int64)
    ship = _waits(rng, size, (sale.ship_h * 3600,), SHIP_MAX_MS)
    refund = _waits(rng, size, (6 * 3600,), REFUND_MAX_MS)
    return np.concatenate([cancel, unpaid, ship, refund], axis=1)


def _waits(rng: np.random.Generator, size: int, means_s: tuple[float, ...], max_ms: int) -> Ints:
    """Return waits in ms, (size, len(means_s)): Gamma of shape 2, so that none is almost nothing."""
    drawn = rng.gamma(2.0, 0.5, (size, len(means_s))) * np.array(means_s) * 1000
    return np.asarray(np.minimum(np.rint(drawn).astype(np.int64) + 500, max_ms))
