"""The shop that is simulated: what it sells, to whom, when, and how well each step of the sale works."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streams.simulate.chance import Mix, generator

HOURS = (
    0.45, 0.28, 0.18, 0.12, 0.12, 0.18, 0.35, 0.60, 0.85, 1.05, 1.20, 1.25,
    1.20, 1.10, 1.05, 1.05, 1.10, 1.15, 1.25, 1.45, 1.70, 1.75, 1.40, 0.85,
)  # fmt: skip
WEEKDAYS = (0.95, 0.93, 0.94, 0.97, 1.04, 1.14, 1.10)  # Monday first
CHANNELS = Mix({"app": 0.55, "web": 0.25, "mini_program": 0.20})
REGIONS = Mix(
    {"guangdong": 0.28, "shanghai": 0.22, "zhejiang": 0.18, "beijing": 0.14, "sichuan": 0.10, "hubei": 0.08}
)
CAMPAIGNS = Mix({"": 0.42, "c1": 0.22, "c2": 0.13, "c3": 0.09, "c4": 0.06, "c5": 0.04, "c6": 0.04})
PAYMENT_METHODS = Mix({"alipay": 0.46, "wechat_pay": 0.42, "card": 0.12})


@dataclass(frozen=True)
class Funnel:
    """How visitors go from an impression to an order: `(browsers, buyers)` where the two differ.

    rounds       looks at a product after the first one (Poisson, at most 4 counted)
    impressions  further impressions before each look (Poisson)
    searches     searches of a session (Poisson)
    The others are probabilities of one step after the step before it.
    """

    buyers: float = 0.25
    rounds: tuple[float, float] = (0.5, 1.5)
    impressions: float = 0.9
    searches: float = 0.3
    view: tuple[float, float] = (0.75, 0.95)
    cart: tuple[float, float] = (0.06, 0.60)
    favorite: float = 0.06
    remove: float = 0.3
    checkout: float = 0.75
    order: float = 0.85


@dataclass(frozen=True)
class Sale:
    """What becomes of an order. Times are means in seconds unless they say otherwise."""

    payment_failed: float = 0.04
    retried: float = 0.5
    cancelled: float = 0.015
    refunded: float = 0.012
    payment_s: float = 15.0
    retry_s: float = 60.0
    unpaid_cancel_s: float = 1_800.0  # an order not paid by then is cancelled
    cancel_s: float = 1_200.0
    ship_h: float = 9.0


@dataclass(frozen=True)
class Noise:
    """What happens to records on the way: shares of late, duplicate and broken ones, at most 1 in all."""

    late: float = 0.002
    duplicates: float = 0.002
    broken: float = 0.0005
    delay_s: float = 1.5  # mean; never more than 20 s unless late
    late_s: tuple[float, float] = (120.0, 900.0)

    def __post_init__(self) -> None:
        shares = {"late": self.late, "duplicates": self.duplicates, "broken": self.broken}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"share of {name} records is {share}: give a number from 0 to 1")
        if sum(shares.values()) > 1:
            raise ValueError("shares of late, duplicate and broken records are over 1 together: lower one")


@dataclass(frozen=True)
class Shop:
    """A shop. Everything has a value that makes an ordinary one; `dataclasses.replace` makes another."""

    name: str = "demo"
    timezone: str = "UTC"
    currency: str = "CNY"
    clicks_per_s: float = 1.0  # records on the click topic, mean over a week
    hours: tuple[float, ...] = HOURS
    weekdays: tuple[float, ...] = WEEKDAYS
    spread: tuple[float, float, float] = (0.04, 0.05, 0.03)  # of a day, an hour, ten minutes
    users: int = 50_000
    channels: Mix = CHANNELS
    devices: dict[str, Mix] = field(
        default_factory=lambda: {
            "app": Mix({"android": 0.6, "ios": 0.4}),
            "web": Mix({"desktop": 0.7, "android": 0.2, "ios": 0.1}),
            "mini_program": Mix({"android": 0.65, "ios": 0.35}),
        }
    )
    appetite: dict[str, float] = field(
        default_factory=lambda: {"app": 1.15, "web": 0.75, "mini_program": 0.9}
    )  # how much likelier a visitor of the channel is a buyer
    regions: Mix = REGIONS
    warehouses: dict[str, str] = field(
        default_factory=lambda: {
            "guangdong": "south", "shanghai": "east", "zhejiang": "east",
            "beijing": "north", "sichuan": "south", "hubei": "east",
        }
    )  # fmt: skip
    campaigns: Mix = CAMPAIGNS
    payment_methods: Mix = PAYMENT_METHODS
    funnel: Funnel = Funnel()
    sale: Sale = Sale()
    noise: Noise = Noise()
    products: int = 200
    categories: tuple[str, ...] = (
        "women", "men", "kids", "shoes", "home", "kitchen", "beauty", "food", "phones", "toys",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if not self.clicks_per_s > 0:
            raise ValueError(f"the shop's rate is {self.clicks_per_s} clicks a second: give a number over 0")

    @cached_property
    def shelf(self) -> "Shelf":
        """Return the products: the same for every seed."""
        return Shelf.build(self.products, self.categories)


@dataclass(frozen=True)
class Shelf:
    """The products, one entry each: sku, category, fixed price, and how often each is looked at."""

    skus: NDArray[np.object_]
    categories: NDArray[np.object_]
    prices: NDArray[np.float64]
    demand: Mix

    @classmethod
    def build(cls, count: int, categories: tuple[str, ...]) -> "Shelf":
        """Return `count` products; the first sells best (Zipf-like), prices end in .90."""
        rng = generator(0, "shelf", 0)
        skus = [f"sku-{number:04d}" for number in range(1, count + 1)]
        prices = np.floor(np.exp(rng.normal(4.0, 0.8, count))) + 0.9
        weights = 1 / (np.arange(count) + 8.0) ** 0.8
        return cls(
            np.array(skus, dtype=object),
            np.array([categories[n % len(categories)] for n in range(count)], dtype=object),
            prices,
            Mix(dict(zip(skus, weights.tolist(), strict=True))),
        )
