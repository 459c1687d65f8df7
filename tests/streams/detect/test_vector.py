"""A vector of metrics through ingest and detect: it meets in one place, and its parts are named."""

from functools import cache

import numpy as np

from streams.detect.detect import Detect
from tests.streams.chain import CLICKS, COUNT, HOUR_MS, PAID, START, Chain, event, settings_of, spread

METRICS = {
    "orders": COUNT,
    "paid": PAID,
    "clicks": CLICKS,
    "vitals": {"vector": ["orders", "paid", "clicks"]},
}
MONITOR = {
    "name": "vitals",
    "metric": "vitals",
    "window": "1h",
    "detector": {"joint": {"window_size": 40, "height": 4}},
    "grades": [4, 6, 8, 10],
    "kind": "vitals",
    "text": {"en": "Not as usual: {parts}."},
}
LEARNED = 140
SETTINGS = settings_of(METRICS, [MONITOR], kafka={"partial_partitions": 4}, time={"max_skew": 10 * HOUR_MS})


def feed(chain, hours, paid=1.0, first=0):
    """Append hours of orders, payments and clicks that rise and fall together."""
    rng = np.random.default_rng([3, first])
    for hour in range(first, first + hours):
        start, n = START + hour * HOUR_MS, 20 + rng.integers(-4, 5)
        chain.feed(spread(int(3 * n), start, HOUR_MS, "c", type="click"), "click")
        orders = spread(int(n), start, HOUR_MS, "o")
        payments = spread(max(1, int(n * paid)), start, HOUR_MS, "p", type="paid")
        chain.feed(sorted(orders + payments, key=lambda one: one["event_time"]))
    return chain


def end(chain, hour):
    chain.feed([event("ec", START + hour * HOUR_MS, type="click")], "click")
    chain.feed([event("eo", START + hour * HOUR_MS)])


@cache
def fault():
    """Return a chain in which 8 of 10 payments went missing for four hours, and how it was before."""
    chain = feed(Chain(SETTINGS), LEARNED)
    before = [list(detect.snapshot()) for detect in chain.detects]
    read = [len(log) for log in chain.partials]
    feed(chain, 4, paid=0.2, first=LEARNED)
    end(chain, LEARNED + 4)
    return chain, before, read


def test_what_does_not_go_together_is_told_once_and_named():
    chain, _, _ = fault()
    opened = [alert for alert in chain.alerts if alert.transition == "opened"]
    assert [(a.monitor, a.metric, a.entity, a.direction) for a in opened] == [
        ("vitals", "vitals", "", "down")
    ]
    detector, first, *_ = opened[0].evidence
    assert detector == "joint"
    name, change, percent = first.split()
    assert (name, percent) == ("paid", "%")
    assert -95 < int(change) < -60
    assert opened[0].text.startswith(f"Not as usual: {first}")
    assert opened[0].window_end_ms > START + LEARNED * HOUR_MS


def test_what_is_normal_raises_nothing():
    chain = feed(Chain(SETTINGS), LEARNED)
    end(chain, LEARNED)
    assert chain.alerts == []


def test_all_metrics_of_the_whole_shop_meet_in_one_partition():
    chain, _, _ = fault()
    kept = [[int((w.rows >= 0).sum()) for w in detect.parts.watches.values()] for detect in chain.detects]
    assert sorted(kept) == [[0], [0], [0], [1]]


def test_a_restored_vector_goes_on_as_if_nothing_had_happened():
    chain, before, read = fault()
    again = Chain(SETTINGS)
    for partition, blocks in enumerate(before):
        detect = Detect(SETTINGS, partition)
        detect.restore(blocks, "")
        detect.apply(chain.partials[partition][read[partition] :])
        again.take(detect.flush(0, caught_up=False))
    assert again.values == chain.values


def test_late_events_do_not_judge_a_vector_again():
    chain, _, _ = fault()
    before = len(chain.alerts)
    chain.feed([event("late", START + (LEARNED + 4) * HOUR_MS - 60_000, type="paid")])
    assert len(chain.alerts) == before
