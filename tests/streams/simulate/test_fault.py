"""Faults: each is seen where it should be, while it lasts, and nowhere else."""

import json
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from streams.failure import Failure
from streams.simulate.fault_kind import (
    FAULTS,
    ConversionDrop,
    FeedSilence,
    OrderDrop,
    OrderOutage,
    PaymentFailures,
    PriceError,
)
from streams.simulate.funnel import STEPS
from streams.simulate.shop import Noise, Shop
from streams.simulate.stream import simulate

END_MS = 1_772_568_000_000  # 2026-03-03 20:00 UTC, a busy evening
START_MS = END_MS - 90 * 60_000
SPAN = (START_MS + 1_800_000, START_MS + 3_600_000)
SHOP = Shop(clicks_per_s=5.0, noise=replace(Noise(), late=0.0, duplicates=0.0, broken=0.0))


class Run:
    """The events of an hour and a half; the fault is in the middle half hour."""

    def __init__(self, *faults):
        self.records = list(simulate(SHOP, 5, START_MS, END_MS, faults))
        self.events = [(record.kind, json.loads(record.value)) for record in self.records]

    def of(self, *types, inside):
        return [
            event
            for _, event in self.events
            if event["type"] in types and (SPAN[0] <= event["event_time"] < SPAN[1]) == inside
        ]

    def count(self, *types, inside=True):
        return len(self.of(*types, inside=inside))


run_with = cache(Run)  # a run takes half a second


@pytest.fixture(scope="module")
def calm():
    return run_with()


def test_an_outage_has_no_orders_but_all_the_clicks(calm):
    run = run_with(OrderOutage(*SPAN))
    assert calm.count("created") > 100
    assert run.count("created", "purchase") == 0
    assert run.count("click", "checkout") == calm.count("click", "checkout")


def test_a_drop_loses_its_share_of_the_orders(calm):
    run = run_with(OrderDrop(*SPAN))
    assert run.count("created") == pytest.approx(0.4 * calm.count("created"), rel=0.3)
    assert run.count("created") == run.count("purchase")


def test_payment_failures_decline_their_share_of_the_tries(calm):
    run = run_with(PaymentFailures(*SPAN))
    failed, paid = run.count("payment_failed"), run.count("paid")
    usual = calm.count("paid") / calm.count("paid", "payment_failed")
    assert usual > 0.9
    assert paid / (paid + failed) == pytest.approx(0.4 * usual, abs=0.1)
    assert run.count("created") == calm.count("created")


def test_a_conversion_drop_hits_one_campaign_alone(calm):
    run = run_with(ConversionDrop(*SPAN))
    orders, usual = (
        Counter(event.get("campaign", "") for event in of.of("created", inside=True)) for of in (run, calm)
    )
    assert orders.pop("c1", 0) < 0.4 * usual.pop("c1")
    assert orders == usual
    assert run.count("click") == calm.count("click")


@pytest.mark.parametrize(("factor", "arguments"), [(0.1, {}), (10.0, {"factor": 10.0})])
def test_a_price_error_changes_the_price_of_one_product(calm, factor, arguments):
    run = run_with(PriceError(*SPAN, **arguments))
    wrong, right = (
        {
            (line["sku"], line["unit_price"])
            for event in of.of("created", inside=True)
            for line in event["lines"]
        }
        for of in (run, calm)
    )
    price = dict(right)["sku-0001"]
    assert wrong - right == {("sku-0001", round(price * factor, 2))}
    assert right - wrong == {("sku-0001", price)}


@pytest.mark.parametrize("topic", ["click", "order", "inventory"])
def test_a_silent_feed_carries_nothing_and_the_others_all(calm, topic):
    run = run_with(FeedSilence(*SPAN, *([] if topic == "click" else [topic])))
    silent = [r for r in run.records if r.kind == topic and SPAN[0] <= r.arrival_ms < SPAN[1]]
    assert silent == []
    others = [r for r in calm.records if r.kind != topic or not SPAN[0] <= r.arrival_ms < SPAN[1]]
    assert run.records == others


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind != "feed_silence"])
def test_outside_a_fault_the_shop_is_as_ever(calm, kind):
    run = run_with(FAULTS[kind](*SPAN))
    clicks_and_orders = set(STEPS) - {"conversion"} | {"created"}  # a conversion follows its purchase
    assert run.of(*clicks_and_orders, inside=False) == calm.of(*clicks_and_orders, inside=False)


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        pytest.param("order_drop", {"share": 0.0}, "share is 0;", id="no share"),
        pytest.param("payment_failures", {"share": 1.5}, "share is 1.5;", id="share over one"),
        pytest.param("conversion_drop", {"share": -1.0}, "share is -1;", id="negative share"),
        pytest.param("price_error", {"factor": 0.0}, "factor is 0;", id="no price"),
        pytest.param("price_error", {"factor": 1.0}, "factor is 1;", id="the same price"),
        pytest.param("feed_silence", {"topic": "metric"}, "no topic 'metric'; there are click", id="topic"),
    ],
)
def test_arguments_out_of_bounds_are_refused(kind, arguments, message):
    with pytest.raises(Failure, match=message):
        FAULTS[kind](*SPAN, **arguments)


def test_a_fault_ends_after_it_starts():
    with pytest.raises(Failure, match="ends before it starts"):
        OrderOutage(SPAN[1], SPAN[0])
