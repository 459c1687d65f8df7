"""The truth: a file that says what was injected, where and when."""

import json
from collections import Counter

from streams.settings import load
from streams.simulate.fault_kind import FAULTS, ConversionDrop, FeedSilence, OrderOutage, PriceError
from streams.simulate.shop import Shop
from streams.simulate.truth import count_records, tell_truth


def test_the_file_lists_the_faults_by_start_with_unique_names():
    faults = [OrderOutage(500, 600), ConversionDrop(100, 200, "c3"), OrderOutage(300, 400)]
    told = json.loads(tell_truth(Shop(), 9, (0, 1_000), faults).to_json())
    assert [fault["name"] for fault in told["faults"]] == [
        "conversion_drop",
        "order_outage",
        "order_outage-2",
    ]
    assert told["faults"][0] == {
        "kind": "conversion_drop",
        "name": "conversion_drop",
        "start_ms": 100,
        "end_ms": 200,
        "dimensions": {"campaign": "c3"},
        "metrics": ["conversion_rate"],
        "direction": "down",
        "story": "90% of the orders of campaign c3 are lost",
    }
    assert (told["seed"], told["start_ms"], told["end_ms"]) == (9, 0, 1_000)


def test_a_price_goes_the_way_of_its_factor():
    told = tell_truth(Shop(), 9, (0, 9), [PriceError(1, 2, factor=10.0), PriceError(2, 3, factor=0.1)])
    assert [fault.direction for fault in told.faults] == ["up", "down"]


def test_faults_are_told_by_metrics_of_the_shipped_catalogue():
    known = load(None).metrics
    faults = [kind(0, 1) for kind in FAULTS.values()]
    faults += [FeedSilence(0, 1, topic) for topic in ("click", "order", "inventory")]
    for fault in faults:
        assert set(fault.metrics) <= known.keys()
        assert fault.metrics


def test_records_are_counted_by_topic_and_flaw():
    tally = Counter(
        {("click", "fine"): 90, ("click", "late"): 7, ("click", "broken"): 3, ("order", "fine"): 5}
    )
    assert count_records(tally) == {
        "click": {"records": 100, "late": 7, "duplicates": 0, "broken": 3},
        "order": {"records": 5, "late": 0, "duplicates": 0, "broken": 0},
    }
