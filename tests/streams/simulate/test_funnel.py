"""The funnel: each step is at most as frequent as the one before, and orders follow it."""

import json
from collections import Counter, defaultdict

import numpy as np
import pytest

from streams.simulate.funnel import CODES, orders_per_session, rows_per_session, walk
from streams.simulate.season import MINUTE_MS
from streams.simulate.session import draw_sessions
from streams.simulate.shop import Shop


@pytest.fixture(scope="module")
def journeys():
    rng = np.random.default_rng(3)
    shop = Shop()
    sessions = draw_sessions(shop, rng, 1_000_000_000_000, np.full(50, 400.0))
    return shop, sessions, walk(shop, sessions, rng)


def _events(day, kind):
    events = {}
    for record in day.records:
        if record.kind == kind:
            try:
                event = json.loads(record.value)
            except ValueError:
                continue
            if type(event["event_time"]) is int and "event_id" in event:
                events[event["event_id"]] = event
    return list(events.values())


def test_each_step_is_rarer_than_the_one_before(journeys):
    _, _, walked = journeys
    counts = np.bincount(walked.rows.step, minlength=len(CODES))
    steps = ["impression", "click", "view", "add_to_cart", "checkout", "purchase", "conversion"]
    funnel = [int(counts[CODES[step]]) for step in steps]
    assert funnel == sorted(funnel, reverse=True)
    assert funnel[-1] > 0


def test_within_a_session_time_goes_on_and_begins_with_it(journeys):
    _, sessions, walked = journeys
    same = np.diff(walked.rows.session) == 0
    assert (np.diff(walked.rows.event_time)[same] > 0).all()
    first = np.flatnonzero(np.append(True, ~same))
    assert (walked.rows.event_time[first] == sessions.start_ms[walked.rows.session[first]]).all()


def test_sessions_begin_in_the_minutes_they_were_drawn_for(journeys):
    _, sessions, _ = journeys
    minutes = (sessions.start_ms - 1_000_000_000_000) // MINUTE_MS
    assert minutes.min() == 0
    assert minutes.max() == 49


def test_the_expected_rows_and_orders_of_a_session_are_those_of_the_funnel(journeys):
    shop, sessions, walked = journeys
    assert len(walked.rows.session) / len(sessions) == pytest.approx(rows_per_session(shop), rel=0.02)
    assert len(walked.buyer) / len(sessions) == pytest.approx(orders_per_session(shop), rel=0.04)


def test_orders_hold_what_their_session_put_into_the_cart(journeys):
    _, _, walked = journeys
    carts = defaultdict(set)
    in_cart = walked.rows.step == CODES["add_to_cart"]
    for session, sku in zip(walked.rows.session[in_cart], walked.rows.sku[in_cart], strict=True):
        carts[session].add(sku)
    lines = np.bincount(walked.line_buyer)
    assert lines.min() >= 1
    assert lines.max() <= 5
    for buyer, sku in zip(walked.line_buyer, walked.line_sku, strict=True):
        assert sku in carts[walked.buyer[buyer]]


def test_a_lost_purchase_leaves_the_checkout(journeys):
    _, _, walked = journeys
    kept = walked.kept(np.ones(len(walked.buyer), dtype=np.bool_))
    counts = np.bincount(walked.rows.step[kept], minlength=len(CODES))
    assert counts[CODES["purchase"]] == counts[CODES["conversion"]] == 0
    assert counts[CODES["checkout"]] > len(walked.buyer)


def test_an_order_is_created_before_all_else_and_paid_at_most_once(day):
    lives = defaultdict(list)
    for event in _events(day, "order"):
        lives[event["order_id"]].append((event["event_time"], event["type"]))
    whole = [sorted(life) for life in lives.values() if "created" in {name for _, name in life}]
    assert len(whole) > 1_000
    assert {life[0][1] for life in whole} == {"created"}
    paid = Counter(sum(name == "paid" for _, name in life) for life in whole)
    assert set(paid) == {0, 1}


def test_an_orders_amount_is_the_sum_of_its_lines_and_negative_when_goods_come_back(day):
    for event in _events(day, "order"):
        total = sum(line["qty"] * line["unit_price"] for line in event["lines"])
        assert event["amount"] == pytest.approx(total, abs=0.006)
        assert (event["amount"] < 0) == (event["type"] in {"cancelled", "refunded"})


def test_prices_are_fixed(day):
    prices = defaultdict(set)
    for event in _events(day, "order"):
        for line in event["lines"]:
            prices[line["sku"]].add(line["unit_price"])
    assert {len(seen) for seen in prices.values()} == {1}


def test_stock_follows_the_paid_orders(day):
    sold = Counter()
    for event in _events(day, "order"):
        if event["type"] == "paid":
            sold[event["order_id"]] = sum(line["qty"] for line in event["lines"])
    moved = Counter()
    for event in _events(day, "inventory"):
        if event.get("reason") == "sale":
            moved[event["ref"]] -= event["delta"]
    both = sold.keys() & moved.keys()
    assert len(both) > 0.95 * len(sold)  # the others are broken on one side, or cut off by the end
    equal = sum(sold[order] == moved[order] for order in both)
    assert equal > 0.95 * len(both)  # the others lack a broken movement
    assert all(moved[order] <= sold[order] for order in both)
