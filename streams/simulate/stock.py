"""Stock: movements that follow orders, purchases that fill it up again, and now and then a count."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.simulate.funnel import orders_per_session, rows_per_session
from streams.simulate.season import DAY_MS, HOUR_MS, Season
from streams.simulate.shop import Shop

Ints = NDArray[np.int64]

REASONS = ("sale", "return", "purchase", "transfer", "write_off", "")
SALE, RETURN, PURCHASE, TRANSFER, WRITE_OFF, LEVEL = range(len(REASONS))
NIGHT_HOUR = 4  # local time at which every shelf is filled to its target
LEVELS_PER_CHUNK = 6
WRITE_OFFS_PER_CHUNK = 1.0
UNITS_PER_ORDER = 2.5  # about; only sizes the shelves
DAYS_ON_SHELF = 2.0


class Rows(NamedTuple):
    """Rows of the inventory topic: one entry each. `amount` is the delta, or on hand for a LEVEL."""

    event_time: Ints
    place: Ints  # product * warehouses + warehouse
    reason: Ints
    amount: Ints
    ref: NDArray[np.object_]  # the order's id, or empty


class Stock:
    """What is on hand for each product in each warehouse, chunk after chunk.

    Every night each place is set to its target, so a day's stock depends on that day alone and a simulation
    may begin at any time.
    """

    def __init__(self, shop: Shop, season: Season) -> None:
        self._season = season
        self.warehouses = np.array(sorted(set(shop.warehouses.values())), dtype=object)
        codes = {name: code for code, name in enumerate(self.warehouses)}
        self.of_region = np.array([codes[shop.warehouses[name]] for name in shop.regions.parts])
        share = np.bincount(self.of_region, weights=shop.regions.shares, minlength=len(codes))
        orders_per_day = shop.clicks_per_s / rows_per_session(shop) * orders_per_session(shop) * 86_400
        daily = np.outer(shop.shelf.demand.shares, share).ravel() * orders_per_day * UNITS_PER_ORDER
        self._target = np.ceil(daily * DAYS_ON_SHELF).astype(np.int64) + 30
        self._on_hand = self._target.copy()
        self._waiting = _NOTHING

    def advance(self, moves: Rows, start_ms: int, end_ms: int, rng: np.random.Generator) -> Rows:
        """Return the rows of a chunk. `moves` may lie after its end: they wait for their chunk."""
        waiting = _join(self._waiting, moves)
        due = waiting.event_time < end_ms
        self._waiting = _take(waiting, ~due)
        drawn = _join(_take(waiting, due), self._write_offs(start_ms, end_ms, rng))
        np.add.at(self._on_hand, drawn.place, drawn.amount)
        counted = rng.integers(0, len(self._target), rng.poisson(LEVELS_PER_CHUNK))
        return _join(_join(drawn, self._fill(start_ms, end_ms)), self._levels(counted, end_ms))

    def _fill(self, start_ms: int, end_ms: int) -> Rows:
        """Buy what is short; at night, set every place to its target."""
        missing = self._target - self._on_hand
        night = self._is_night(start_ms, end_ms)
        short = (missing != 0) if night else (self._on_hand < self._target // 5)
        place = np.flatnonzero(short)
        amount = missing[place]
        self._on_hand[place] = self._target[place]
        return _rows(end_ms - 2, place, np.where(amount > 0, PURCHASE, TRANSFER), amount)

    def _is_night(self, start_ms: int, end_ms: int) -> bool:
        local_ms = self._season.local_ms(start_ms) % DAY_MS
        return local_ms <= NIGHT_HOUR * HOUR_MS < local_ms + end_ms - start_ms

    def _write_offs(self, start_ms: int, end_ms: int, rng: np.random.Generator) -> Rows:
        size = int(rng.poisson(WRITE_OFFS_PER_CHUNK))
        place = rng.integers(0, len(self._target), size)
        times = rng.integers(start_ms, end_ms, size)
        return _rows(times, place, WRITE_OFF, -rng.integers(1, 4, size))

    def _levels(self, place: Ints, end_ms: int) -> Rows:
        return _rows(end_ms - 1, place, LEVEL, self._on_hand[place])


def _rows(times: Ints | int, place: Ints, reason: Ints | int, amount: Ints) -> Rows:
    times, place, reason, amount = np.broadcast_arrays(times, place, reason, amount)
    return Rows(times, place, reason, amount, np.full(len(place), "", dtype=object))


def _join(one: Rows, other: Rows) -> Rows:
    return Rows._make(map(np.concatenate, zip(one, other, strict=True)))


def _take(rows: Rows, which: NDArray[np.bool_]) -> Rows:
    return Rows._make(column[which] for column in rows)


_NOTHING = _rows(*(np.empty(0, dtype=np.int64) for _ in range(4)))
