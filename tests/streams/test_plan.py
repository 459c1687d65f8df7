import msgspec
import pytest

from streams.plan import build_plan, label_metric, lending
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
    "clicks": Metric(event="click", count=True),
    "pieces": Metric(event="order", lines=True, sum="qty"),
    "conversion": Metric(ratio=("pieces", "clicks")),
    "moved": Metric(event="inventory", sum="outflow"),
    "turnover": Metric(ratio=("clicks", "moved")),
    "outside": Metric(event="metric", sum="value"),
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
    (monitor,) = config.monitors
    assert [lending(config, monitor, by) for by in monitor.by if by] == [
        "shop" if expected else "none"
    ] * any(monitor.by)
    assert lending(config, monitor, []) == "none"


@pytest.mark.parametrize(
    ("monitor", "dims", "metric"),
    [
        pytest.param({"metric": "clicks"}, ["sku"], "clicks", id="clicks tell it"),
        pytest.param({"metric": "clicks"}, ["channel", "sku"], "clicks", id="of a sku by channel"),
        pytest.param({"metric": "clicks"}, ["channel"], None, id="only a sku has one"),
        pytest.param({"metric": "pieces"}, ["sku"], "pieces", id="lines of orders tell it"),
        pytest.param({"metric": "moved"}, ["sku"], None, id="stock does not"),
        pytest.param({"metric": "conversion"}, ["sku"], "clicks", id="of a ratio, its trials"),
        pytest.param({"metric": "turnover"}, ["sku"], "clicks", id="of a ratio, the part that does"),
        pytest.param({"metric": "outside"}, ["sku"], "outside", id="numbers from outside may"),
    ],
)
def test_skus_borrow_from_their_category_where_events_tell_it(monitor, dims, metric):
    config = settings(by=[dims], **monitor)
    (monitor,) = config.monitors
    assert label_metric(config, monitor, dims) == metric
    assert lending(config, monitor, dims) == ("category" if metric else "shop")
    labels = [group for group in build_plan(config) if group.aggregate == "label"]
    assert [(g.metric, g.dims, g.field) for g in labels] == [(metric, tuple(dims), "category")] * bool(metric)
    assert all(group.key == f"{metric}@category/{','.join(dims)}" and group.lends for group in labels)


def test_a_category_is_told_once_for_all_metrics_of_the_same_events():
    metrics = METRICS | {
        "costs": Metric(event="click", sum="cost"),
        "views": Metric(event="click", where={"type": "view"}, count=True),
    }
    monitors = [Monitor(name=name, metric=name, by=[["sku"]]) for name in ("clicks", "costs", "views")]
    plan = build_plan(Settings(metrics=metrics, monitors=monitors))
    assert [group.key for group in plan if group.aggregate == "label"] == [
        "clicks@category/sku",
        "views@category/sku",
    ]


@pytest.mark.parametrize(
    ("own", "of_all", "expected"),
    [
        (None, "category", "category"),
        (None, "shop", "shop"),
        (None, "none", "none"),
        ("none", "shop", "none"),
        ("shop", "none", "shop"),
        ("category", "none", "category"),
    ],
)
def test_a_monitor_says_from_whom_it_borrows_or_does_as_all_do(own, of_all, expected):
    config = msgspec.structs.replace(settings(metric="clicks", by=[[], ["sku"]], borrow=own), borrow=of_all)
    assert [lending(config, config.monitors[0], by) for by in ([], ["sku"])] == ["none", expected]
    keys = {"clicks/", "clicks/sku"}
    keys |= {"none": set(), "shop": {"clicks/*"}, "category": {"clicks/*", "clicks@category/sku"}}[expected]
    assert {group.key for group in build_plan(config)} == keys


def test_the_whole_shop_is_summed_for_those_that_borrow_and_cannot_be_taken_for_a_total_that_is_told():
    config = settings(metric="share", by=[[], ["sku"]])
    keys = [group.key for group in build_plan(config)]
    assert sorted(keys) == ["orders/", "orders/*", "orders/sku", "paid/", "paid/*", "paid/sku"]
    off = msgspec.structs.replace(config.monitors[0], enabled=False)
    assert build_plan(msgspec.structs.replace(config, monitors=[off])) == ()
