"""The kinds of fault. A new one is a class here, overriding `apply` or `swallows`, and a row in FAULTS."""

from dataclasses import dataclass

import numpy as np

from streams.failure import USAGE, Failure
from streams.settings.model import EventKind
from streams.simulate.fault import Fault, Flags, Ints, Scene
from streams.simulate.record import KINDS
from streams.simulate.shop import Shop


@dataclass(frozen=True)
class OrderOutage(Fault):
    """Nobody can order: the till is down."""

    kind = "order_outage"

    def apply(self, scene: Scene) -> None:
        """Lose every order."""
        orders = scene.orders
        orders.lost[self.within(orders.created_ms)] = True

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return where it is seen."""
        return ("orders", "revenue")

    @property
    def story(self) -> str:
        """Return what happens."""
        return "no orders are created; clicks go on"


@dataclass(frozen=True)
class OrderDrop(Fault):
    """A share of the orders is lost."""

    kind = "order_drop"

    share: float = 0.6

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_share(self.share)

    def apply(self, scene: Scene) -> None:
        """Lose the share of the orders."""
        orders = scene.orders
        hit = scene.rng.random(len(orders.lost)) < self.share
        orders.lost[hit & self.within(orders.created_ms)] = True

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return where it is seen."""
        return ("orders", "revenue")

    @property
    def story(self) -> str:
        """Return what happens."""
        return f"{self.share:.0%} of the orders are lost"


@dataclass(frozen=True)
class PaymentFailures(Fault):
    """A share of the tries to pay is declined, second tries too."""

    kind = "payment_failures"

    share: float = 0.6

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_share(self.share)

    def apply(self, scene: Scene) -> None:
        """Decline the share of the tries."""
        orders = scene.orders
        hit = scene.rng.random(orders.declined.shape) < self.share
        orders.declined[hit & self.within(orders.tried_ms)] = True

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return where it is seen."""
        return ("payment_success",)

    @property
    def story(self) -> str:
        """Return what happens."""
        return f"{self.share:.0%} of the payments are declined"


@dataclass(frozen=True)
class ConversionDrop(Fault):
    """The visitors of one campaign stop buying: a broken landing page, a voucher that does not work."""

    kind = "conversion_drop"

    campaign: str = "c1"
    share: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_share(self.share)

    def check(self, shop: Shop) -> None:
        """Check the campaign."""
        self._check_known("campaign", self.campaign, [name for name in shop.campaigns.parts if name])

    def apply(self, scene: Scene) -> None:
        """Lose the share of the campaign's orders."""
        orders = scene.orders
        names = scene.shop.campaigns.names[scene.sessions.campaign[orders.buyer]]
        hit = (names == self.campaign) & (scene.rng.random(len(names)) < self.share)
        orders.lost[hit & self.within(orders.created_ms)] = True

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return where it is seen."""
        return ("conversion_rate",)

    @property
    def dimensions(self) -> dict[str, str]:
        """Return the campaign."""
        return {"campaign": self.campaign}

    @property
    def story(self) -> str:
        """Return what happens."""
        return f"{self.share:.0%} of the orders of campaign {self.campaign} are lost"


@dataclass(frozen=True)
class PriceError(Fault):
    """One product is sold at a wrong price: a point in the wrong place."""

    kind = "price_error"

    sku: str = "sku-0001"
    factor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.factor < float("inf") or self.factor == 1:
            raise Failure(f"fault {self.kind}: factor is {self.factor:g}; give a number over 0, not 1", USAGE)

    def check(self, shop: Shop) -> None:
        """Check the product."""
        self._check_known("sku", self.sku, shop.shelf.skus.tolist())

    def apply(self, scene: Scene) -> None:
        """Multiply the price in the lines of the product."""
        orders = scene.orders
        named = scene.shop.shelf.skus[orders.line_sku] == self.sku
        hit = named & self.within(orders.created_ms)[orders.line_order]
        orders.unit_price[hit] = np.round(orders.unit_price[hit] * self.factor, 2)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return where it is seen."""
        return ("unit_price",)

    @property
    def direction(self) -> str:
        """Return which way the price goes."""
        return "up" if self.factor > 1 else "down"

    @property
    def dimensions(self) -> dict[str, str]:
        """Return the product."""
        return {"sku": self.sku}

    @property
    def story(self) -> str:
        """Return what happens."""
        return f"{self.sku} is sold at {self.factor:g} times its price"


@dataclass(frozen=True)
class FeedSilence(Fault):
    """One topic gets no records; what would have been sent is lost."""

    kind = "feed_silence"

    topic: EventKind = "click"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_known("topic", self.topic, list(KINDS))

    def swallows(self, kind: EventKind, arrival_ms: Ints) -> Flags:
        """Return all records of the topic that would arrive within."""
        return self.within(arrival_ms) & (kind == self.topic)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the count of the topic's records."""
        return ("clicks",) if self.topic == "click" else (f"{self.topic}_events",)

    @property
    def dimensions(self) -> dict[str, str]:
        """Return the topic."""
        return {"topic": self.topic}

    @property
    def story(self) -> str:
        """Return what happens."""
        return f"no {self.topic} records arrive"


FAULTS: dict[str, type[Fault]] = {
    fault.kind: fault
    for fault in (OrderOutage, OrderDrop, PaymentFailures, ConversionDrop, PriceError, FeedSilence)
}
