"""The funnel: what visitors do, from impression to order, as rows of the click topic."""

from dataclasses import dataclass
from math import exp, factorial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.simulate.session import Sessions, buyer_shares
from streams.simulate.shop import Funnel, Shop

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

STEPS = {  # in the order of one look at a product; mean seconds since the step before
    "search": 5.0,
    "impression": 2.0,
    "click": 4.0,
    "view": 1.5,
    "favorite": 8.0,
    "add_to_cart": 15.0,
    "remove_from_cart": 20.0,
    "checkout": 25.0,
    "purchase": 20.0,
    "conversion": 15.0,
}
CODES = {name: code for code, name in enumerate(STEPS)}
LOOKS_MAX = 5  # so that an order has at most five lines
AT_THE_END = LOOKS_MAX
NO_SKU = -1


class Rows(NamedTuple):
    """Rows of the click topic in the order of sessions and steps: one entry each."""

    session: Ints
    step: Ints
    sku: Ints
    event_time: Ints


@dataclass(frozen=True)
class Journeys:
    """Rows and the purchases among them.

    buyer       session of each purchase          bought_ms  when
    line_buyer  purchase of each line (an index)  line_sku   what is bought
    """

    rows: Rows
    buyer: Ints
    bought_ms: Ints
    line_buyer: Ints
    line_sku: Ints

    def kept(self, lost: Flags) -> Flags:
        """Return which rows happen when purchases are lost: they have neither purchase nor conversion."""
        without = np.isin(self.rows.session, self.buyer[lost])
        return ~(without & (self.rows.step >= CODES["purchase"]))


class _Looks(NamedTuple):
    """One entry a look at a product."""

    session: Ints
    place: Ints
    sku: Ints
    viewed: Flags
    carted: Flags


def walk(shop: Shop, sessions: Sessions, rng: np.random.Generator) -> Journeys:
    """Return what the sessions do."""
    looks = _look(shop, sessions, rng)
    size = len(sessions)
    carts = np.bincount(looks.session[looks.carted], minlength=size)
    checkout = (carts > 0) & (rng.random(size) < shop.funnel.checkout)
    ordered = checkout & (rng.random(size) < shop.funnel.order)
    converted = ordered & (shop.campaigns.names[sessions.campaign] != "")
    parts = [
        *_look_parts(shop, looks, checkout, rng),
        _part("search", np.repeat(np.arange(size), rng.poisson(shop.funnel.searches, size))),
        _part("checkout", np.flatnonzero(checkout), place=AT_THE_END),
        _part("purchase", np.flatnonzero(ordered), place=AT_THE_END),
        _part("conversion", np.flatnonzero(converted), place=AT_THE_END),
    ]
    rows = _in_order(parts, sessions, rng)
    buyer = np.flatnonzero(ordered)
    bought = looks.carted & ordered[looks.session]
    return Journeys(
        rows=rows,
        buyer=buyer,
        bought_ms=rows.event_time[rows.step == CODES["purchase"]],
        line_buyer=np.searchsorted(buyer, looks.session[bought]),
        line_sku=looks.sku[bought],
    )


def rows_per_session(shop: Shop) -> float:
    """Return the expected rows of a session on the click topic: turns the shop's rate into sessions."""
    buyers = float(shop.channels.shares @ buyer_shares(shop))
    return buyers * _rows_expected(shop, 1) + (1 - buyers) * _rows_expected(shop, 0)


def orders_per_session(shop: Shop) -> float:
    """Return the expected orders of a session."""
    buyers = float(shop.channels.shares @ buyer_shares(shop))
    carted = buyers * _carted(shop.funnel, 1) + (1 - buyers) * _carted(shop.funnel, 0)
    return carted * shop.funnel.checkout * shop.funnel.order


def _look(shop: Shop, sessions: Sessions, rng: np.random.Generator) -> _Looks:
    funnel = shop.funnel
    buyer = sessions.buyer.astype(np.int64)
    count = 1 + np.minimum(rng.poisson(np.array(funnel.rounds)[buyer]), LOOKS_MAX - 1)
    session = np.repeat(np.arange(len(sessions)), count)
    place = np.arange(len(session)) - np.repeat(np.cumsum(count) - count, count)
    viewed = rng.random(len(session)) < np.array(funnel.view)[buyer[session]]
    carted = viewed & (rng.random(len(session)) < np.array(funnel.cart)[buyer[session]])
    return _Looks(session, place, shop.shelf.demand.draw(rng, len(session)), viewed, carted)


def _look_parts(shop: Shop, looks: _Looks, checkout: Flags, rng: np.random.Generator) -> list[Ints]:
    size = len(looks.session)
    favorite = looks.viewed & (rng.random(size) < shop.funnel.favorite)
    removed = looks.carted & ~checkout[looks.session] & (rng.random(size) < shop.funnel.remove)
    steps = {
        "click": np.ones(size, dtype=np.bool_),
        "view": looks.viewed,
        "favorite": favorite,
        "add_to_cart": looks.carted,
        "remove_from_cart": removed,
    }
    parts = [_part(name, looks.session[on], looks.place[on], looks.sku[on]) for name, on in steps.items()]
    shown = np.repeat(np.arange(size), rng.poisson(shop.funnel.impressions, size))
    beside = shop.shelf.demand.draw(rng, len(shown))  # what else the page showed
    return [
        _part("impression", looks.session, looks.place, looks.sku),
        _part("impression", looks.session[shown], looks.place[shown], beside),
        *parts,
    ]


def _part(name: str, session: Ints, place: Ints | int = 0, sku: Ints | int = NO_SKU) -> Ints:
    """Return rows of one step: a matrix of session, place in the session, step, sku."""
    return np.stack(np.broadcast_arrays(session, place, CODES[name], sku))


def _in_order(parts: list[Ints], sessions: Sessions, rng: np.random.Generator) -> Rows:
    session, place, step, sku = np.concatenate(parts, axis=1)
    order = np.argsort((session * (LOOKS_MAX + 1) + place) * len(STEPS) + step, kind="stable")
    session, step, sku = session[order], step[order], sku[order]
    gaps_s = rng.standard_exponential(len(step)) * np.array(list(STEPS.values()))[step]
    passed_ms = np.cumsum(np.rint(gaps_s * 1000).astype(np.int64) + 1)
    first = np.searchsorted(session, session)
    since_ms = passed_ms - passed_ms[first]
    return Rows(session, step, sku, sessions.start_ms[session] + since_ms)


def _looks_expected(funnel: Funnel, buyer: int) -> NDArray[np.float64]:
    """Return the probability of 1, 2, ... LOOKS_MAX looks (a Poisson's tail is cut)."""
    mean = funnel.rounds[buyer]
    chances = [exp(-mean) * mean**count / factorial(count) for count in range(LOOKS_MAX - 1)]
    return np.array([*chances, 1 - sum(chances)])


def _carted(funnel: Funnel, buyer: int) -> float:
    misses = 1 - funnel.view[buyer] * funnel.cart[buyer]
    return float(1 - _looks_expected(funnel, buyer) @ misses ** np.arange(1, LOOKS_MAX + 1))


def _rows_expected(shop: Shop, buyer: int) -> float:
    funnel = shop.funnel
    looks = float(_looks_expected(funnel, buyer) @ np.arange(1, LOOKS_MAX + 1))
    views = looks * funnel.view[buyer]
    carts = views * funnel.cart[buyer]
    carted = _carted(funnel, buyer)
    # Carts of sessions without checkout: those of the sessions that never reach the till.
    removed = carts * (1 - funnel.checkout) * funnel.remove
    checkouts = carted * funnel.checkout
    orders = checkouts * funnel.order
    paid_for = 1 - shop.campaigns.parts.get("", 0.0) / sum(shop.campaigns.parts.values())
    per_look = looks * (2 + funnel.impressions) + views * (1 + funnel.favorite) + carts + removed
    return per_look + funnel.searches + checkouts + orders * (1 + paid_for)
