"""The teller: what an alert record says, monitor, words and numbers."""

import json
import math

import pytest

from tests.streams.chain import COUNT, FIVE_MS, START, Chain, event, limits, settings_of, spread

MONITOR = {
    "name": "orders",
    "metric": "orders",
    "by": [["region"]],
    "detector": limits(10),
    "kind": "order_volume",
    "owner": "sales",
    "runbook_url": "https://wiki.example/orders",
    "text": {"en": "Orders{where}: {actual}", "zh-CN": "订单{where}：{actual}"},
    "action": {"en": "Call somebody", "zh-CN": "打电话"},
}


def record(n=25, locale="en", after=None, **monitor):
    """Return the last alert record, as JSON, of a window of n orders and perhaps a second one."""
    chain = Chain(settings_of({"orders": COUNT}, [{**MONITOR, **monitor}], locale=locale, shop="tea & co"))
    chain.feed(spread(n, START, region="north"))
    chain.feed(spread(after or 0, START + FIVE_MS, region="north"))
    chain.feed([event("x", START + 2 * FIVE_MS, region="north")])
    return json.loads(chain.values[-1] if after is not None else chain.values[0])


def test_who_what_and_where_come_from_the_monitor():
    told = record()
    assert {key: told[key] for key in ("monitor", "kind", "owner", "runbook_url", "action")} == {
        "monitor": "orders",
        "kind": "order_volume",
        "owner": "sales",
        "runbook_url": "https://wiki.example/orders",
        "action": "Call somebody",
    }
    assert told["series"] == {
        "id": "orders{region=north}",
        "metric": "orders",
        "dimensions": {"region": "north"},
    }
    assert told["evidence"] == ["threshold"]
    assert "25" in told["text"]


def test_people_are_told_in_their_language():
    told = record(locale="zh-CN")
    assert told["text"].startswith("订单")
    assert told["action"] == "打电话"


@pytest.mark.parametrize(
    ("n", "grade", "seconds"),
    [(12, 1, 86_400), (25, 2, 14_400), (35, 3, 1_800), (45, 4, 900)],
)
def test_how_soon_depends_on_the_grade(n, grade, seconds):
    told = record(n)
    assert (told["grade"], told["respond_within_s"]) == (grade, seconds)


def test_a_monitor_s_own_time_to_respond_goes_before_the_grade_s():
    assert record(respond_within=300_000)["respond_within_s"] == 300


def test_nobody_has_to_respond_to_what_is_over():
    told = record(after=3, respond_within=300_000)
    assert (told["transition"], told["grade"], told["respond_within_s"]) == ("resolved", 0, 0)


def test_numbers_that_are_not_known_are_null():
    told = record()
    assert (told["actual"], told["expected"], told["lower"], told["change"]) == (25, None, None, None)
    assert told["upper"] == 10
    assert (told["exposure"], told["unit"]) == (None, "")
    assert told["p"] == pytest.approx(math.exp(-told["score"]), rel=1e-4)


@pytest.mark.parametrize(
    ("detector", "n", "side"), [(limits(10), 25, "up"), (limits(10, below=True), 4, "down")]
)
def test_the_side_is_that_of_the_deviation(detector, n, side):
    assert record(n, detector=detector)["direction"] == side


@pytest.mark.parametrize(("detector", "state", "grade"), [("jump", "cold", 1), (limits(10), "", 4)])
def test_an_alert_says_how_well_its_series_is_known(detector, state, grade):
    chain = Chain(settings_of({"orders": COUNT}, [{**MONITOR, "detector": detector}]))
    for window, n in enumerate([5] * 8 + [500, 0]):
        chain.feed(spread(n or 1, START + window * FIVE_MS, region="north"))
    told = json.loads(chain.values[0])
    assert (told["state"], told["grade"]) == (state, grade)
