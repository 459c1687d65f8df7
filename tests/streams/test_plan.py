import msgspec
import pytest

from streams.plan import borrows, build_plan
from streams.settings.model import Metric, Monitor, Settings

METRICS = {
    "orders": Metric(event="order", count=True),
    "paid": Metric(event="order", where={"type": "paid"}, count=True),
    "revenue": Metric(event="order", sum="amount"),
    "basket": Metric(event="order", mean="amount"),
    "largest": Metric(event="order", max="amount"),
    "users": Metric(event="order", distinct="user_id"),
    "balance": Metric(event="order", sum="amount", series="value"),
    "share": Metric(ratio=("paid", "orders")),
    "odd": Metric(ratio=("users", "orders")),
    "vitals": Metric(vector=("orders", "paid")),
}


def settings(**monitor):
    return Settings(metrics=METRICS, monitors=[Monitor(name="m", **monitor)])


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [
        ({"metric": "orders"}, True),
        ({"metric": "revenue", "by": [[], ["region", "sku"]]}, True),
        ({"metric": "share"}, True),
        ({"metric": "orders", "detector": {"seasonal": {"adopt_after_s": 9}}}, True),
        ({"metric": "orders", "by": [[]]}, False),
        ({"metric": "orders", "detector": "silence"}, False),
        ({"metric": "orders", "detector": {"river": "LODA"}}, False),
        ({"metric": "basket"}, False),
        ({"metric": "largest"}, False),
        ({"metric": "users"}, False),
        ({"metric": "odd"}, False),
        ({"metric": "balance"}, False),
        ({"metric": "vitals", "detector": "joint"}, False),
    ],
    ids=str,
)
def test_counts_sums_and_their_ratios_by_dimensions_borrow_from_the_whole_shop(monitor, expected):
    config = settings(**({"by": [["sku"]]} | monitor))
    assert borrows(config, config.monitors[0]) == expected


@pytest.mark.parametrize(
    ("own", "of_all", "expected"),
    [(None, "shop", True), (None, "none", False), ("none", "shop", False), ("shop", "none", True)],
)
def test_a_monitor_says_from_whom_it_borrows_or_does_as_all_do(own, of_all, expected):
    config = msgspec.structs.replace(settings(metric="orders", by=[["sku"]], borrow=own), borrow=of_all)
    assert borrows(config, config.monitors[0]) == expected
    assert any(group.everywhere for group in build_plan(config)) == expected


@pytest.mark.parametrize(("partials", "expected"), [(16, True), (17, False)])
def test_nobody_borrows_where_too_many_sources_would_tell_too_many_partitions(partials, expected):
    config = settings(metric="orders", by=[["sku"]])
    wide = msgspec.structs.replace(config.kafka, partitions={"order": 16}, partial_partitions=partials)
    config = msgspec.structs.replace(config, kafka=wide)
    assert borrows(config, config.monitors[0]) == expected


def test_the_whole_shop_is_summed_for_those_that_borrow_and_cannot_be_taken_for_a_total_that_is_told():
    config = settings(metric="share", by=[[], ["sku"]])
    keys = [group.key for group in build_plan(config)]
    assert sorted(keys) == ["orders/", "orders/*", "orders/sku", "paid/", "paid/*", "paid/sku"]
    off = msgspec.structs.replace(config.monitors[0], enabled=False)
    assert build_plan(msgspec.structs.replace(config, monitors=[off])) == ()
