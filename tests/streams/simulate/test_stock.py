"""Stock: on hand is what was there and what moved; counts tell the truth."""

import numpy as np

from streams.simulate.season import HOUR_MS, Season
from streams.simulate.shop import Shop
from streams.simulate.stock import LEVEL, PURCHASE, SALE, TRANSFER, WRITE_OFF, Rows, Stock

NOON_MS = 1_772_582_400_000 + 12 * HOUR_MS
CHUNK_MS = 300_000


def _moves(*rows: tuple[int, int, int]) -> Rows:
    """Return sales at times of places by amounts."""
    times, places, amounts = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return Rows(times, places, np.full(len(rows), SALE), amounts, np.full(len(rows), "o-1", dtype=object))


NO_MOVES = Rows(*(np.empty(0, dtype=np.int64) for _ in range(4)), np.empty(0, dtype=object))


def test_a_movement_waits_for_its_chunk():
    stock = Stock(Shop(), Season(Shop(), 1))
    rng = np.random.default_rng(1)
    moves = _moves((NOON_MS + 10, 3, -2), (NOON_MS + CHUNK_MS + 10, 4, -1))
    first = stock.advance(moves, NOON_MS, NOON_MS + CHUNK_MS, rng)
    second = stock.advance(NO_MOVES, NOON_MS + CHUNK_MS, NOON_MS + 2 * CHUNK_MS, rng)
    assert first.place[first.reason == SALE].tolist() == [3]
    assert second.place[second.reason == SALE].tolist() == [4]


def test_levels_are_the_sum_of_all_movements():
    stock = Stock(Shop(), Season(Shop(), 1))
    rng = np.random.default_rng(1)
    places = 200 * len(stock.warehouses)
    change = np.zeros(places, dtype=np.int64)
    start: dict[int, int] = {}
    for chunk in range(200):  # a night included
        begin = NOON_MS + chunk * CHUNK_MS
        sales = _moves(*((begin + n, int(rng.integers(places)), -int(rng.integers(1, 9))) for n in range(40)))
        rows = stock.advance(sales, begin, begin + CHUNK_MS, rng)
        moved = rows.reason != LEVEL
        np.add.at(change, rows.place[moved], rows.amount[moved])
        for place, on_hand in zip(rows.place[~moved].tolist(), rows.amount[~moved].tolist(), strict=True):
            assert start.setdefault(place, on_hand - change[place]) == on_hand - change[place]
            assert on_hand >= 0
    assert len(start) > 300


def test_a_place_that_runs_low_is_filled_by_a_purchase():
    stock = Stock(Shop(), Season(Shop(), 1))
    rows = stock.advance(
        _moves((NOON_MS, 3, -100_000)), NOON_MS, NOON_MS + CHUNK_MS, np.random.default_rng(1)
    )
    bought = rows.reason == PURCHASE
    assert rows.place[bought].tolist() == [3]
    assert rows.amount[bought].tolist() == [100_000]
    assert (rows.amount[rows.reason == WRITE_OFF] < 0).all()


def test_at_night_every_place_is_set_to_its_target_in_the_shops_zone():
    shop = Shop(timezone="Asia/Shanghai")
    stock = Stock(shop, Season(shop, 1))
    rng = np.random.default_rng(1)
    stock.advance(_moves((NOON_MS, 3, -1), (NOON_MS, 4, 2)), NOON_MS, NOON_MS + CHUNK_MS, rng)
    night_ms = NOON_MS + 8 * HOUR_MS  # 20:00 UTC is 04:00 in Shanghai
    rows = stock.advance(NO_MOVES, night_ms, night_ms + CHUNK_MS, rng)
    filled = dict(
        zip(rows.place.tolist(), zip(rows.reason.tolist(), rows.amount.tolist(), strict=True), strict=True)
    )
    assert filled[3] == (PURCHASE, 1)
    assert filled[4] == (TRANSFER, -2)
