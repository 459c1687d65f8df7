"""Exchange: amounts of an order in the shop's base currency."""

from streams.ingest.event import Order
from streams.ingest.reject import Reject
from streams.settings.model import Currency


class Exchange:
    """Turns amounts into `currency.base`; without settings amounts are taken as they are."""

    def __init__(self, currency: Currency | None, amount_max: float) -> None:
        self._currency = currency
        self._amount_max = amount_max

    def to_base(self, order: Order) -> None:
        """Convert in place, and check what the amounts come to. Raises Reject."""
        rate = self._rate(order.currency)
        if rate != 1.0:
            if order.amount is not None:
                order.amount *= rate
                self._check(order.amount)
            for line in order.lines:
                line.unit_price = None if line.unit_price is None else line.unit_price * rate
        for line in order.lines:
            if line.unit_price is not None:
                self._check(line.unit_price)
                self._check(line.qty * line.unit_price)

    def _rate(self, name: str | None) -> float:
        currency = self._currency
        if currency is None or name is None or name == currency.base:
            return 1.0
        rate = currency.rates.get(name)
        if rate is None:
            known = ", ".join(sorted({currency.base, *currency.rates}))
            raise Reject("unknown_currency", f"no rate for `{name}` in `currency.rates`; known: {known}")
        return rate

    def _check(self, amount: float) -> None:
        if not abs(amount) <= self._amount_max:
            raise Reject("out_of_range", f"an amount of {amount:g} exceeds {self._amount_max:g}")
