"""Pools: each category sums its series that live in a partition, and learns as any series; none is told."""

from functools import cache

import msgspec
import numpy as np
import pytest

from detectors.loan import NOBODY
from streams.detect.detect import Detect
from streams.ingest.fingerprint import labels_of
from streams.machine import Record
from streams.recorded.backtest import Backtest
from tests.streams.chain import DAY_MS, HOUR_MS, START, Chain, settings_of, spread

CLICKS = {"event": "click", "count": True}
CARTS = {"event": "click", "where": {"type": "add_to_cart"}, "count": True}
METRICS = {
    "clicks": CLICKS,
    "carts": CARTS,
    "cost": {"event": "click", "sum": "cost"},
    "rate": {"ratio": ["carts", "clicks"]},
}
BOTH = [["sku"], ["category"]]
MONITORS = [{"name": name, "metric": name, "window": "1h", "by": BOTH} for name in ("clicks", "cost", "rate")]
CATEGORIES = {"a": "shoes", "b": "shoes", "c": "hats", "d": None}
HOURS = 80
SOURCE = ("click", 0)


def settings(monitors=MONITORS, partitions=1, **sections):
    return settings_of(METRICS, monitors, kafka={"partial_partitions": partitions}, **sections)


def hour(number, categories=CATEGORIES):
    """Return an hour of clicks on each sku, with a shape of the day, in the order of their times."""
    start, n = START + number * HOUR_MS, round(20 + 15 * np.sin(number / 24 * 2 * np.pi))
    clicks = []
    for place, (sku, category) in enumerate(categories.items()):
        told = {"sku": sku, "cost": 0.1 * place + 0.3} | ({} if category is None else {"category": category})
        clicks += spread(n + place, start + place, HOUR_MS - 9, f"{sku}-v", type="view", **told)
        clicks += spread(n // 3, start + place, HOUR_MS - 9, f"{sku}-c", type="add_to_cart", **told)
    return sorted(clicks, key=lambda one: one["event_time"])


def feed(chain, hours, categories=CATEGORIES):
    for number in hours:
        chain.feed(hour(number, categories), *SOURCE)
    chain.feed(
        [{"event_id": f"end{number}", "event_time": START + (number + 1) * HOUR_MS, "type": "search"}],
        *SOURCE,
    )
    return chain


@cache
def ran(partitions=1):
    return feed(Chain(settings(partitions=partitions)), range(HOURS))


def pools_of(detect, monitor="clicks"):
    return next(pools for pools in detect.parts.pools if pools.key[0] == monitor)


def label(category, home=0):
    return f"{labels_of([category])[0]}/{home}"


def learned(pools):
    """Return what each pool has learned, by its label, and what each sku is of."""
    names = pools.roster.entities
    rows = {name: pools.bank.table.dump(pools.rows[[slot]]) for slot, name in enumerate(names) if name}
    return rows, members(pools)


def members(pools):
    names = [*pools.roster.entities, None]
    return {sku: names[of] for sku, of in zip(pools.series.entities, pools.of.tolist(), strict=True)}


@pytest.mark.parametrize("monitor", ["clicks", "cost", "rate"])
def test_a_pool_learns_what_a_series_of_the_whole_category_learns(monitor):
    (detect,) = ran().detects
    rows, of = learned(pools_of(detect, monitor))
    assert of == {f"sku={sku}": None if name is None else label(name) for sku, name in CATEGORIES.items()}
    told = next(w for w in detect.parts.watches.values() if w.key[:2] == (monitor, ("category",)))
    whole = {
        label(entity.removeprefix("category=")): told.bank.table.dump(told.rows[[slot]])
        for slot, entity in enumerate(told.roster.entities)
    }
    assert rows == whole
    assert len(rows) == 2


def test_partitions_pool_the_series_that_live_there():
    chain = ran(4)
    found = {}
    for detect in chain.detects:
        pools = pools_of(detect)
        found |= members(pools)
        there = {name for name in members(pools).values() if name}
        assert {name for name in pools.roster.entities if name} == there
        assert len(pools.known_rows) == len(there)
    assert found == members(pools_of(ran().detects[0]))


def test_a_backtest_stands_for_all_partitions_and_pools_as_they_do():
    apart = {}
    for home, detect in enumerate(ran(4).detects):
        rows, of = learned(pools_of(detect))
        apart |= {name.replace("/0", f"/{home}"): row for name, row in rows.items()}
        apart |= {sku: name and name.replace("/0", f"/{home}") for sku, name in of.items()}
    together = feed(Chain(settings(), homes=4), range(HOURS))
    rows, of = learned(pools_of(together.detects[0]))
    assert rows | of == apart
    assert len(rows) > 2
    backtest = Backtest(settings(partitions=4))
    clicks = [(click["event_time"], msgspec.json.encode(click)) for click in hour(0)]
    list(backtest.run(("click", Record(n, at, None, body)) for n, (at, body) in enumerate(clicks)))
    assert members(pools_of(backtest.detects[0])) == of


def test_a_series_borrows_from_its_pool_a_pool_and_who_has_none_from_the_shop():
    (detect,) = ran().detects
    watch = next(w for w in detect.parts.watches.values() if w.key[:2] == ("clicks", ("sku",)))
    pools = pools_of(detect)
    (shop,) = pools.lender.known_rows
    lender = dict(zip(watch.roster.entities, watch.lent_by(np.arange(4)).tolist(), strict=True))
    row = dict(zip(pools.roster.entities, pools.rows.tolist(), strict=True))
    assert lender == {
        "sku=a": row[label("shoes")],
        "sku=b": row[label("shoes")],
        "sku=c": row[label("hats")],
        "sku=d": shop,
    }
    assert pools.lent_by(np.arange(2)).tolist() == [shop, shop]
    assert pools.lender.lent_by(np.arange(1)).tolist() == [NOBODY]


def test_pools_are_neither_told_nor_shown_nor_counted():
    chain = ran()
    (detect,) = chain.detects
    assert not detect.parts.lenders.keys() & detect.parts.watches.keys()
    shown = {entity for monitor, entity in chain.shown() if monitor == "clicks"}
    assert shown == {*(f"sku={sku}" for sku in CATEGORIES), "category=hats", "category=shoes"}
    counted = {s.labels[0]: s.value for s in detect.samples() if s.name == "fenghuo_series"}
    assert counted == {"clicks": 6, "cost": 6, "rate": 6}


def test_a_series_moves_with_the_window_in_which_another_category_is_told():
    moved = CATEGORIES | {"b": "hats"}
    chain = feed(Chain(settings()), range(5))
    chain.feed(hour(5, moved), *SOURCE)
    (detect,) = chain.detects
    pools = pools_of(detect)
    assert members(pools)["sku=b"] == label("shoes")  # the window is open yet
    feed(chain, range(6, 7), moved)
    assert members(pools)["sku=b"] == label("hats")
    assert len(pools.known_rows) == 2


@pytest.mark.parametrize("batch", [1, 7, 1_000])
def test_where_batches_end_makes_no_difference(batch):
    told = {"a": "shoes", "b": "hats", "c": "bags", "d": "hats"}
    clicks = [click for number in range(4) for click in hour(number, told if number % 2 else CATEGORIES)]
    clicks += hour(4, told | {"a": "bags"})
    clicks[9::10] = [click | {"category": "gifts"} for click in clicks[9::10]]  # two told in a window
    chains = []
    for size in (batch, 60):
        chain = Chain(settings())
        for start in range(0, len(clicks), size):
            chain.feed(clicks[start : start + size], *SOURCE)
        chains.append(feed(chain, range(5, 6), told))
    one, other = (learned(pools_of(chain.detects[0])) for chain in chains)
    assert one == other
    assert len(one[0]) > 2


@pytest.mark.parametrize("partitions", [1, 4])
def test_a_restored_machine_goes_on_like_the_straight_one(partitions):
    chain = ran(partitions)
    for partition, log in enumerate(chain.partials):
        straight, before = Detect(chain.settings, partition), Detect(chain.settings, partition)
        before.apply(log[: len(log) // 2])
        restored = Detect(chain.settings, partition)
        restored.restore(list(before.snapshot()), "")
        assert list(restored.snapshot()) == list(before.snapshot())
        straight.apply(log)
        restored.apply(log[len(log) // 2 :])
        assert list(restored.snapshot()) == list(straight.snapshot())
        assert learned(pools_of(restored)) == learned(pools_of(straight))


def test_a_state_from_before_there_were_pools_keeps_its_rows_and_pools_from_then_on():
    chain = ran()
    blocks = [block for block in chain.detects[0].snapshot() if not of_pools(block)]
    again = Detect(chain.settings, 0)
    again.restore(blocks, "")
    kept = [len(watch.known_rows) for watch in again.parts.watches.values()]
    assert kept == [len(watch.known_rows) for watch in chain.detects[0].parts.watches.values()]
    assert not any(len(pools.known_rows) for pools in again.parts.pools)
    watch = next(w for w in again.parts.watches.values() if w.key[:2] == ("clicks", ("sku",)))
    (shop,) = watch.lender.lender.known_rows
    assert watch.lent_by(np.arange(4)).tolist() == [shop] * 4


def of_pools(block):
    part, key, *_ = msgspec.msgpack.decode(block)
    of_labels = part in {"seen", "bucket"} and "@" in key
    return part == "pools" or of_labels or (part == "rows" and key[-1].startswith("category "))


def test_categories_beyond_the_limit_share_a_pool_and_are_counted():
    told = {"a": "shoes", "b": "hats", "c": "bags", "d": "bags"}
    chain = feed(Chain(settings(MONITORS[:1], limits={"categories": 1})), range(3), told)
    pools = pools_of(chain.detects[0])
    first = min(map(label, ("shoes", "hats", "bags")))
    assert pools.roster.entities == [first, "other"]
    assert set(members(pools).values()) == {first, "other"}
    assert len(pools.known_rows) == 2
    over = {
        s.labels[0]: s.value
        for s in chain.detects[0].samples()
        if s.name == "fenghuo_series_over_limit_total"
    }
    assert over["category of sku"] > 0


def test_series_beyond_their_limit_are_of_no_category():
    chain = feed(
        Chain(settings(MONITORS[:1], limits={"series": 2})), range(3), dict.fromkeys("abcd", "shoes")
    )
    pools = pools_of(chain.detects[0])
    assert [of for sku, of in members(pools).items() if sku == "other"] == [None]
    assert members(pools)["sku=a"] == label("shoes")


def test_a_category_that_falls_silent_makes_room():
    chain = feed(Chain(settings(MONITORS[:1], limits={"series_ttl": 2 * DAY_MS})), range(30))
    only = {"c": "hats", "d": None}
    feed(chain, range(30, 30 + 3 * 24), only)
    pools = pools_of(chain.detects[0])
    assert [name for name in pools.roster.entities if name] == [label("hats")]
    assert len(pools.known_rows) == 1
    assert members(pools) == {"": None, "sku=c": label("hats"), "sku=d": None}
    feed(chain, range(102, 104), only | {"e": "bags"})
    assert members(pools)["sku=e"] == label("bags")
    assert len(pools.roster) == 2
