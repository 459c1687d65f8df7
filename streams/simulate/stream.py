"""The stream: a shop's records in arrival order, chunk by chunk, from one seed."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from streams.failure import USAGE, Failure
from streams.settings.model import EventKind
from streams.simulate.chance import generator
from streams.simulate.encoder import Encoded, Encoder
from streams.simulate.fault import Fault, Scene
from streams.simulate.funnel import Journeys, rows_per_session, walk
from streams.simulate.noise import BROKEN, FLAWS, Arrivals, damaged, travel, travel_max_ms
from streams.simulate.order import REFUND_MAX_MS, SHIP_MAX_MS, Orders, take_orders
from streams.simulate.record import KINDS, NOTHING, Queue, Record, Records
from streams.simulate.season import HOUR_MS, Season
from streams.simulate.session import Sessions, draw_sessions
from streams.simulate.shop import Shop
from streams.simulate.stock import RETURN, SALE, Rows, Stock

CHUNK_MS = 600_000
# Where the simulation really begins, so that its start is like any moment: the longest life of an order, and
# two hours for session, payment and a late arrival. The stock is set once in that time (every night).
LEAD_MS = SHIP_MAX_MS + REFUND_MAX_MS + 2 * HOUR_MS

Tally = Counter[tuple[str, str]]  # (kind of event, flaw) -> records
Flags = NDArray[np.bool_]


def simulate(
    shop: Shop,
    seed: int,
    start_ms: int,
    end_ms: int,
    faults: Sequence[Fault] = (),
    *,
    tally: Tally | None = None,
) -> Iterator[Record]:
    """Return the records that arrive in [start_ms, end_ms) (epoch ms), in arrival order.

    Same arguments, same bytes. Cut at any time, the parts together are the whole. A fault changes what it
    touches, and of the rest only which stock records of its time are late, twice or broken. No event_time is
    after its arrival. `tally` counts what was yielded.

    Raises Failure if the span is empty, the seed negative, or a fault does not fit the shop.
    """
    if end_ms <= start_ms:
        raise Failure("the simulated span ends before it starts: give an end after the start", USAGE)
    if start_ms < LEAD_MS:
        raise Failure("the simulated span starts before 1970: give a later start", USAGE)
    if seed < 0:
        raise Failure(f"the seed is {seed}: give 0 or more", USAGE)
    for fault in faults:
        fault.check(shop)
    return _arrivals(_Simulation(shop, seed, (start_ms, end_ms), faults), start_ms, end_ms, tally)


def _arrivals(simulation: "_Simulation", start_ms: int, end_ms: int, tally: Tally | None) -> Iterator[Record]:
    queue = Queue()
    for index in range((start_ms - LEAD_MS) // CHUNK_MS, -(-end_ms // CHUNK_MS)):
        for records in simulation.chunk(index):
            queue.add(records)
        until_ms = (index + 1) * CHUNK_MS
        if until_ms <= start_ms:
            continue
        arrived = queue.take(until_ms)
        if tally is not None:
            _count(tally, arrived)
        yield from arrived.rows()


def _count(tally: Tally, records: Records) -> None:
    pairs, counts = np.unique(np.stack([records.kind, records.flaw]), axis=1, return_counts=True)
    for (kind, flaw), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
        tally[KINDS[kind], FLAWS[flaw]] += count


class _Simulation:
    """One run: what the chunks have in common, and the stock, which goes from one to the next."""

    def __init__(self, shop: Shop, seed: int, span_ms: tuple[int, int], faults: Sequence[Fault]) -> None:
        self._shop = shop
        self._seed = seed
        self._span_ms = span_ms
        self._faults = faults
        self._season = Season(shop, seed)
        self._stock = Stock(shop, self._season)
        self._sessions_per_minute = shop.clicks_per_s * 60 / rows_per_session(shop)

    def chunk(self, index: int) -> Iterator[Records]:
        """Yield the records born in a chunk, those of each topic together; the next index comes next."""
        start_ms = index * CHUNK_MS
        encoder = Encoder(self._shop, f"{self._seed:x}-{index:x}")
        expected = self._season.rates(start_ms, start_ms + CHUNK_MS) * self._sessions_per_minute
        sessions = draw_sessions(self._shop, self._generator("sessions", index), start_ms, expected)
        journeys = walk(self._shop, sessions, self._generator("funnel", index))
        orders = self._orders(sessions, journeys, index)
        yield self._sent(
            index,
            "click",
            journeys.rows.event_time,
            journeys.kept(orders.lost),
            lambda which: encoder.clicks(sessions, journeys.rows, which),
        )
        steps = tuple(orders.steps())
        times = np.concatenate([step.event_time for step in steps])
        yield self._sent(
            index,
            "order",
            times,
            np.concatenate([step.which for step in steps]),
            lambda which: encoder.orders(sessions, orders, steps, which),
        )
        moves = self._moves(sessions, orders, encoder)
        rows = self._stock.advance(moves, start_ms, start_ms + CHUNK_MS, self._generator("stock", index))
        yield self._sent(
            index, "inventory", rows.event_time, None, lambda which: encoder.stock(self._stock, rows, which)
        )

    def _orders(self, sessions: Sessions, journeys: Journeys, index: int) -> Orders:
        orders = take_orders(self._shop, journeys, self._generator("orders", index))
        for number, fault in self._faults_near(index):
            rng = self._generator(f"{fault.kind} {number}", index)
            fault.apply(Scene(self._shop, sessions, orders, rng))
        return orders

    def _moves(self, sessions: Sessions, orders: Orders, encoder: Encoder) -> Rows:
        """Return the stock's side of the orders."""
        sold, back = orders.moves()
        line = np.concatenate([sold.line, back.line])
        order = orders.line_order[line]
        warehouse = self._stock.of_region[sessions.region[orders.buyer[order]]]
        return Rows(
            event_time=np.concatenate([sold.event_time, back.event_time]),
            place=orders.line_sku[line] * len(self._stock.warehouses) + warehouse,
            reason=np.repeat([SALE, RETURN], [len(sold.line), len(back.line)]),
            amount=np.concatenate([sold.change, back.change]),
            ref=np.array(encoder.order_ids(order), dtype=object),
        )

    def _sent(
        self,
        index: int,
        kind: EventKind,
        event_time: NDArray[np.int64],
        kept: Flags | None,
        encode: Callable[[NDArray[np.int64]], Encoded],
    ) -> Records:
        """Send rows on their way; only what arrives within the span is written at all."""
        start_ms, end_ms = self._span_ms
        if event_time.max(initial=0) + travel_max_ms(self._shop.noise) < start_ms:
            return NOTHING
        arrivals = travel(self._shop.noise, event_time, self._generator(f"{kind} noise", index))
        on = (arrivals.arrival_ms >= start_ms) & (arrivals.arrival_ms < end_ms)
        if kept is not None:
            on &= kept[arrivals.row]
        for _, fault in self._faults_near(index):
            on &= ~fault.swallows(kind, arrivals.arrival_ms)
        arrivals = Arrivals._make(column[on] for column in arrivals)
        keys, values = encode(arrivals.row)
        for broken in np.flatnonzero(arrivals.flaw == BROKEN).tolist():
            values[broken] = damaged(values[broken], int(arrivals.damage[broken]))
        return Records(
            kind=np.full(len(keys), KINDS.index(kind), dtype=np.int8),
            key=_objects(keys),
            value=_objects(values),
            event_time_ms=event_time[arrivals.row],
            arrival_ms=arrivals.arrival_ms,
            flaw=arrivals.flaw,
        )

    def _faults_near(self, index: int) -> Iterator[tuple[int, Fault]]:
        """Yield those that can touch what is born in a chunk, with their place in the list."""
        start_ms = index * CHUNK_MS
        for number, fault in enumerate(self._faults):
            if fault.end_ms > start_ms and fault.start_ms < start_ms + LEAD_MS:
                yield number, fault

    def _generator(self, purpose: str, index: int) -> np.random.Generator:
        return generator(self._seed, purpose, index)


def _objects(values: list[bytes]) -> NDArray[np.object_]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
