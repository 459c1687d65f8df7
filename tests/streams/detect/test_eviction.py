"""Eviction: who is let go and when, who gets the place, and that it is the same after a restart."""

import random
from itertools import chain

import pytest

from detectors.phase import COLD
from streams.detect.detect import Detect
from streams.detect.watch import UNSEEN
from tests.streams.chain import COUNT, DAY_MS, HOUR_MS, START, Chain, event, limits, settings_of

METRICS = {"orders": COUNT, "price": {"event": "order", "last": "amount"}}
HOURLY = {"metric": "orders", "by": [[], ["region"]], "window": "1h"}
MONITORS = [
    {**HOURLY, "name": "orders", "detector": limits(4)},
    {**HOURLY, "name": "learned"},
    {"name": "price", "metric": "price", "by": [["region"]], "detector": "jump", "window": "1h"},
]


def chain_of(monitors=MONITORS, series=100):
    return Chain(settings_of(METRICS, monitors, limits={"series_ttl": 2 * DAY_MS, "series": series}))


def hour(shop, number, regions):
    """Feed one order a region in hour `number` since START; return new alerts."""
    at = START + number * HOUR_MS
    return shop.feed([event(f"{r}{number}", at + i, region=r, amount=5) for i, r in enumerate(regions)])


def days(shop, first, last, regions):
    for number in range(first * 24, last * 24):
        hour(shop, number, regions)
    hour(shop, last * 24, "n")


def watched(shop, name="learned"):
    """Return the entities that have rows."""
    return {
        watch.roster.entities[slot]
        for watch in shop.detects[0].parts.watches.values()
        if watch.subject.monitor.name == name
        for slot in (watch.rows >= 0).nonzero()[0]
    }


def names(shop):
    return shop.detects[0].parts.rosters["region",].entities


def counted(shop, family="fenghuo_series_evicted_total"):
    return {s.labels[0]: s.value for s in shop.detects[0].samples() if s.name == family}


def test_a_series_without_events_is_let_go_at_the_end_of_a_day():
    shop = chain_of()
    days(shop, 0, 1, "nw")
    days(shop, 1, 2, "n")
    assert watched(shop) == {"", "region=n", "region=w"}
    days(shop, 2, 4, "n")
    assert watched(shop) == watched(shop, "orders") == {"", "region=n"}
    assert watched(shop, "price") == {"region=n"}
    assert names(shop) == ["region=n", ""]
    assert counted(shop) == {"orders": 1, "learned": 1, "price": 1}
    assert {entity for _, entity in shop.shown()} == {"", "region=n"}


def test_the_whole_shop_stays_however_long_it_is_silent():
    shop = chain_of(MONITORS[1:2])
    hour(shop, 0, "n")
    hour(shop, 24 * 9, "n")
    hour(shop, 24 * 9 + 1, "n")
    assert watched(shop) == {"", "region=n"}
    assert counted(shop) == {"learned": 1}


def test_an_open_alert_is_not_lost():
    low = {**MONITORS[0], "detector": limits(1, below=True)}
    shop = chain_of([low])
    days(shop, 0, 1, "nnnww")
    days(shop, 1, 6, "nnn")
    assert watched(shop, "orders") == {"", "region=n", "region=w"}


def test_a_newcomer_gets_the_place_and_nothing_of_what_was_learned_there():
    shop = chain_of()
    days(shop, 0, 1, "nw")
    days(shop, 1, 4, "n")
    (before,) = (w for w in shop.detects[0].parts.watches.values() if w.key[:2] == ("learned", ("region",)))
    assert before.rows.tolist()[1] == UNSEEN
    hour(shop, 4 * 24 + 1, "ns")
    hour(shop, 4 * 24 + 2, "ns")
    assert names(shop) == ["region=n", "region=s"]
    members, row = before.bank.members, before.rows[1]
    assert (members["phase"][row], members["seen"][row]) == (COLD, 1)
    assert before.bank.table["points"][row] == 1


def test_who_comes_back_is_new():
    shop = chain_of()
    days(shop, 0, 1, "nw")
    days(shop, 1, 4, "n")
    days(shop, 4, 5, "nw")
    assert watched(shop) == {"", "region=n", "region=w"}
    assert counted(shop, "fenghuo_series")["learned"] == 3


def test_within_a_limit_the_silent_make_room_for_the_new():
    shop = chain_of(series=2)
    days(shop, 0, 1, "nw")
    days(shop, 1, 4, "n")
    hour(shop, 4 * 24 + 1, "nsx")
    assert names(shop) == ["region=n", "region=s", "other"]


def test_late_events_of_who_was_let_go_are_counted_and_change_nothing():
    shop = chain_of()
    days(shop, 0, 1, "nw")
    days(shop, 1, 4, "n")
    late = shop.feed([event("late", START + 4 * DAY_MS - 60_000, region="w")])
    assert late == []
    hour(shop, 4 * 24 + 1, "n")
    assert watched(shop, "price") == {"region=n"}


def test_time_of_which_nothing_is_known_is_no_silence():
    shop = chain_of()
    days(shop, 0, 2, "nw")
    hour(shop, 80 * 24, "n")  # more than sixty days: missing
    days(shop, 80, 82, "n")
    assert watched(shop) == {""} | watched(shop, "price") == {"", "region=n", "region=w"}
    days(shop, 82, 84, "n")
    assert watched(shop) == {"", "region=n"}


def churn(seed=5):
    """Return events by hour over ten days: regions that come, go, and come back."""
    chance = random.Random(seed)
    present = {r: [chance.randrange(10) for _ in range(2)] for r in "abcdefg"}
    log = []
    for number in range(240):
        here = [r for r, spans in present.items() if any(s <= number // 24 < s + 2 for s in spans)]
        at = START + number * HOUR_MS
        log.append(
            [
                event(f"{r}{number}{i}", at + chance.randrange(HOUR_MS), region=r, amount=chance.randrange(9))
                for r in ["n", *here]
                for i in range(chance.randrange(1, 7))
            ]
        )
    return [sorted(hourly, key=lambda e: e["event_time"]) for hourly in log]


CHURN = churn()


def ran(hours=CHURN):
    shop = chain_of()
    for one in hours:
        shop.feed(one)
    return shop


CHURNED = ran()


def test_there_is_enough_coming_and_going_to_test_with():
    assert counted(CHURNED)["learned"] >= 4


@pytest.mark.parametrize("cut", [71, 97, 120, 145, 191, 217])
def test_a_machine_restored_between_evictions_is_the_straight_one(cut):
    shop = CHURNED
    straight, restored = (Detect(shop.settings, 0) for _ in range(2))
    partials = shop.partials[0]
    straight.apply(partials[:cut])
    straight.flush(0, caught_up=False)
    restored.restore(list(straight.snapshot()), "")
    for machine in (straight, restored):
        machine.apply(partials[cut:])
    assert restored.flush(0, caught_up=False) == straight.flush(0, caught_up=False)
    assert list(restored.snapshot()) == list(straight.snapshot())
    assert sorted(restored.samples()) == sorted(straight.samples())


def test_how_the_log_is_cut_does_not_matter():
    hourly = CHURNED
    whole = ran([list(chain.from_iterable(CHURN[start : start + 37])) for start in range(0, 240, 37)])
    assert whole.values == hourly.values != []
    assert watched(whole) == watched(hourly)


def test_a_state_frozen_before_an_eviction_is_of_its_moment():
    shop = ran(CHURN[:71])
    frozen, expected = shop.detects[0].snapshot(), list(shop.detects[0].snapshot())
    for one in CHURN[71:]:
        shop.feed(one)
    assert counted(shop)["learned"] > 0
    assert list(frozen) == expected
