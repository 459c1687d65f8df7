"""The encoder: names, ids and numbers of the simulated shop's rows, written as keys and JSON values."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streams.simulate.funnel import CODES, STEPS, Rows
from streams.simulate.order import Orders, Step
from streams.simulate.session import Sessions
from streams.simulate.shop import Shop
from streams.simulate.stock import LEVEL, REASONS, Stock
from streams.simulate.stock import Rows as StockRows
from streams.simulate.wire import Click, Line, Order, encode
from streams.simulate.wire import Stock as StockRecord

Ints = NDArray[np.int64]
Encoded = tuple[list[bytes], list[bytes]]  # keys, values

_STEP_NAMES = np.array(list(STEPS), dtype=object)
_REASON_NAMES = np.array(REASONS, dtype=object)


class Encoder:
    """Writes the rows of one chunk. `tag` makes ids unique: seed and chunk.

    `which` picks rows, and may name one twice: a duplicate has the same id, key and bytes.
    """

    def __init__(self, shop: Shop, tag: str) -> None:
        self._shop = shop
        self._tag = tag
        self._skus = np.array([*shop.shelf.skus, ""], dtype=object)  # NO_SKU is -1: the last
        self._categories = np.array([*shop.shelf.categories, ""], dtype=object)

    def order_ids(self, order: Ints) -> list[str]:
        """Return the ids of orders of this chunk."""
        return [f"o-{self._tag}-{number}" for number in order.tolist()]

    def clicks(self, sessions: Sessions, rows: Rows, which: Ints) -> Encoded:
        """Encode rows of the click topic."""
        shop, session, sku = self._shop, rows.session[which], rows.sku[which]
        user = sessions.user[session].tolist()
        users = [f"u{number:05d}" for number in user]
        campaign = sessions.campaign[session]
        columns = (
            [f"c-{self._tag}-{row}" for row in which.tolist()],
            rows.event_time[which].tolist(),
            _STEP_NAMES[rows.step[which]],
            users,
            [f"s-{self._tag}-{number}" for number in session.tolist()],
            shop.channels.names[sessions.channel[session]],
            sessions.device[session],
            shop.regions.names[sessions.region[session]],
            [f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" for number in user],
            shop.campaigns.names[campaign],
            self._skus[sku],
            self._categories[sku],
            self._costs(rows.step[which], campaign),
        )
        return [name.encode() for name in users], encode(Click, columns)

    def orders(self, sessions: Sessions, orders: Orders, steps: Sequence[Step], which: Ints) -> Encoded:
        """Encode rows of the order topic: the steps one after the other, in the order given."""
        number, order = np.divmod(which, len(orders.lost))
        back = np.array([step.back for step in steps])[number]
        session = orders.buyer[order]
        ids = self.order_ids(order)
        shop = self._shop
        columns = (
            [f"{name}-{nth}" for name, nth in zip(ids, number.tolist(), strict=True)],
            np.concatenate([step.event_time for step in steps])[which].tolist(),
            np.array([step.type for step in steps], dtype=object)[number],
            ids,
            [f"u{number:05d}" for number in sessions.user[session].tolist()],
            shop.regions.names[sessions.region[session]],
            [shop.currency] * len(ids),
            np.where(back, -orders.amount[order], orders.amount[order]).tolist(),
            shop.channels.names[sessions.channel[session]],
            shop.payment_methods.names[orders.method[order]],
            shop.campaigns.names[sessions.campaign[session]],
            self._lines(orders, order, back),
        )
        return [name.encode() for name in ids], encode(Order, columns)

    def stock(self, stock: Stock, rows: StockRows, which: Ints) -> Encoded:
        """Encode rows of the inventory topic."""
        product, warehouse = np.divmod(rows.place[which], len(stock.warehouses))
        skus = self._skus[product].tolist()
        level = (rows.reason[which] == LEVEL).tolist()
        amount = rows.amount[which].tolist()
        columns = (
            [f"i-{self._tag}-{row}" for row in which.tolist()],
            rows.event_time[which].tolist(),
            ["level" if on else "movement" for on in level],
            skus,
            stock.warehouses[warehouse],
            _REASON_NAMES[rows.reason[which]],
            [None if on else units for on, units in zip(level, amount, strict=True)],
            [units if on else None for on, units in zip(level, amount, strict=True)],
            rows.ref[which],
        )
        return [sku.encode() for sku in skus], encode(StockRecord, columns)

    def _costs(self, step: Ints, campaign: Ints) -> list[float | None]:
        """Return what the shop pays for a click on an advertisement: by campaign, none without one."""
        organic = self._shop.campaigns.names[campaign] == ""
        paid_for = (step == CODES["click"]) & ~organic
        costs = np.where(paid_for, np.round(0.4 + 0.1 * campaign, 2), 0.0).tolist()
        return [cost or None for cost in costs]

    def _lines(self, orders: Orders, order: Ints, back: NDArray[np.bool_]) -> list[list[Line]]:
        """Return the lines of each order; quantities are negative for goods that come back."""
        first = np.searchsorted(orders.line_order, order, side="left").tolist()
        last = np.searchsorted(orders.line_order, order, side="right").tolist()
        skus = self._skus[orders.line_sku].tolist()
        categories = self._categories[orders.line_sku].tolist()
        quantities, prices = orders.quantity.tolist(), orders.unit_price.tolist()
        return [
            [Line(skus[n], sign * quantities[n], prices[n], categories[n]) for n in range(begin, end)]
            for begin, end, sign in zip(first, last, np.where(back, -1, 1).tolist(), strict=True)
        ]
