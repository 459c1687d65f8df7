"""Capacity: the forecast is what a machine really takes."""

import itertools
import tracemalloc

import pytest

from streams.detect.capacity import costs
from streams.detect.detect import Detect
from tests.streams.chain import COUNT, FIVE_MS, START, Chain, event, limits, settings_of

METRICS = {"orders": COUNT, "clicks": {"event": "click", "count": True}}
GAUSSIAN = {"river": "GaussianScorer", "rows_max": 9}
VITALS = {"vitals": {"vector": ["orders", "clicks"]}}


def found(monitors, metrics=METRICS, **sections):
    settings = settings_of({**METRICS, **metrics}, monitors, **sections)
    return {one.dims: one for one in costs(settings, itertools.count().__next__)}


@pytest.mark.parametrize(
    ("monitor", "series"),
    [
        pytest.param({"metric": "orders"}, 500, id="the limit of all"),
        pytest.param({"metric": "orders", "only": {"region": ["a", "b", "b"]}}, 2, id="those that are named"),
        pytest.param({"metric": "vitals", "detector": "joint"}, 400, id="what a detector keeps"),
        pytest.param(
            {"metric": "orders", "detector": {"river": "GaussianScorer", "rows_max": 9}}, 9, id="River"
        ),
    ],
)
def test_a_set_of_dimensions_has_at_most_so_many_series(monitor, series):
    if monitor["metric"] == "vitals":
        monitor = {**monitor, "detector": {"joint": {"rows_max": 400, "height": 2}}}
    shown = found([{"name": "m", "by": [["region"]], **monitor}], VITALS, limits={"series": 500})
    assert shown["region",].series_max == series
    assert shown["region",].bytes_max == series * shown["region",].row_bytes


def test_the_time_of_a_window_is_shared_by_its_series():
    shown = found([{"name": "m", "metric": "orders", "by": [[], ["region"]]}])
    assert {one.row_us for one in shown.values()} == {1e6 / 1000}


@pytest.mark.parametrize("detector", ["seasonal", "jump", limits(50)])
def test_memory_grows_as_foretold(detector):
    monitors = [{"name": "m", "metric": "orders", "by": [["region"]], "detector": detector}]
    chain = Chain(settings_of(METRICS, monitors))
    for number in range(6):
        at = START + number * FIVE_MS
        chain.feed([event(f"{n}-{number}", at + n, region=f"r{n}") for n in range(4_000)])
    detect = Detect(chain.settings, 0)
    tracemalloc.start()
    detect.apply(chain.partials[0])
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown / 4_000 == pytest.approx(found(monitors)["region",].row_bytes, rel=0.3)


def test_pools_are_counted_apart_and_so_is_that_series_have_one():
    sku = {"name": "m", "metric": "clicks", "by": [["sku"], ["channel"]]}
    shown, alone = (found([sku | {"borrow": who}], limits={"categories": 7}) for who in ("category", "shop"))
    assert shown["category of sku",].series_max == 8
    assert shown["category of sku",].row_bytes < shown["channel",].row_bytes < shown["sku",].row_bytes
    assert alone.keys() == {("sku",), ("channel",)}


def test_pools_cost_memory_as_foretold():
    monitors = [{"name": "m", "metric": "clicks", "by": [["sku"]]}]
    grown, (few, many) = [], (1, 3_000)
    for categories in (few, many):
        chain = Chain(settings_of(METRICS, monitors, limits={"categories": many}))
        for number in range(6):
            at = START + number * FIVE_MS
            fields = (
                {"type": "view", "sku": f"s{n}", "category": f"c{n % categories}"} for n in range(3_000)
            )
            chain.feed([event(f"{n}-{number}", at + n, **one) for n, one in enumerate(fields)], "click")
        detect = Detect(chain.settings, 0)
        tracemalloc.start()
        detect.apply(chain.partials[0])
        grown.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    foretold = found(monitors)
    assert grown[0] / 3_000 == pytest.approx(foretold["sku",].row_bytes, rel=0.3)
    assert (grown[1] - grown[0]) / many == pytest.approx(foretold["category of sku",].row_bytes, rel=0.3)
