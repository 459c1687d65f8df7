from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest import distinct
from streams.ingest.decoder import Decoder
from streams.ingest.pane import GROUPS, Panes
from streams.ingest.partitioner import partition_of
from streams.ingest.tally import SUM_MAX
from streams.partial import Sheet
from streams.settings.model import EventKind, Metric, Settings
from tests.streams.oracle import expected_cells
from tests.streams.records import PANE_MS, T0, click, order, record, settings_of

METRICS: dict[str, Metric] = {
    "count": Metric(event="order", count=True),
    "created": Metric(event="order", where={"type": "created"}, count=True),
    "sum": Metric(event="order", where={"type": ["created", "cancelled"]}, sum="amount"),
    "mean": Metric(event="order", mean="amount", scale=100),
    "min": Metric(event="order", min="amount"),
    "max": Metric(event="order", max="amount"),
    "last": Metric(event="order", last="amount"),
    "lines": Metric(event="order", lines=True, count=True),
    "qty": Metric(event="order", lines=True, max="qty"),
    "turnover": Metric(event="order", where={"type": "created"}, lines=True, sum="amount"),
    "price": Metric(event="order", lines=True, last="unit_price"),
}
PLAIN_DIMS = [[], ["region"], ["region", "channel"]]
LINE_DIMS = [[], ["sku"], ["region", "category"]]

AMOUNTS = st.none() | st.integers(-1_000, 1_000) | st.floats(-1e6, 1e6)
LINES = st.fixed_dictionaries(
    {"sku": st.sampled_from(["s1", "s2", "s,3"]), "qty": st.integers(-5, 50)},
    optional={"unit_price": AMOUNTS, "category": st.sampled_from(["k", "l"])},
)
ORDERS = st.fixed_dictionaries(
    {
        "event_time": st.sampled_from([T0, T0 + 1, T0 + PANE_MS - 1, T0 + PANE_MS, T0 - 1, T0 - 10**10]),
        "type": st.sampled_from(["created", "cancelled", "paid"]),
        "order_id": st.just("o"),
        "lines": st.lists(LINES, max_size=3),
    },
    optional={
        "region": st.sampled_from(["n", "s", None]),
        "channel": st.sampled_from(["app", "web"]),
        "amount": AMOUNTS,
    },
)


def split_of(settings: Settings, kind: EventKind, events: list[dict[str, Any]]) -> list[list[Sheet]]:
    decoder, panes = Decoder(settings, kind), Panes(settings, kind)
    panes.add([decoder.decode(record(i, event)) for i, event in enumerate(events)])
    return panes.sheets()


def joined(split: list[list[Sheet]], group: str) -> dict[tuple[str, int], tuple[int, int]]:
    """Return (entity, pane) -> (count, value); checks that each cell stands once, where its key belongs."""
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for partition, sheets in enumerate(split):
        for key, entity, pane, count, value in (row for sheet in sheets for row in sheet.rows()):
            if key == group:
                assert partition_of(entity, len(split)) == partition
                assert (entity, pane) not in found
                found[entity, pane] = (count, value)
    return found


def told(split: list[list[Sheet]]) -> list[Sheet]:
    return [sheet for sheets in split for sheet in sheets]


PLAIN = settings_of({name: metric for name, metric in METRICS.items() if not metric.lines}, PLAIN_DIMS)
BY_LINE = settings_of({name: metric for name, metric in METRICS.items() if metric.lines}, LINE_DIMS)
DECODER, PANES = (
    Decoder(Settings(), "order"),
    {"plain": Panes(PLAIN, "order"), "lines": Panes(BY_LINE, "order")},
)


@pytest.mark.parametrize("kind", PANES)
@given(orders=st.lists(ORDERS, min_size=1, max_size=25))
def test_every_aggregate_equals_the_oracle(kind: str, orders: list[dict[str, Any]]) -> None:
    events = [{**one, "event_id": f"e{(i * 7) % 25}"} for i, one in enumerate(orders)]
    for i, event in enumerate(events):
        PANES[kind].add([DECODER.decode(record(i, event))])
    split = PANES[kind].sheets()
    config = PLAIN if kind == "plain" else BY_LINE
    for monitor in config.monitors:
        metric = config.metrics[monitor.metric]
        for dims in (tuple(sorted(dims)) for dims in monitor.by):
            assert joined(split, f"{monitor.metric}/{','.join(dims)}") == expected_cells(events, metric, dims)


def test_the_last_value_carries_its_time_and_id() -> None:
    events = [
        order("b", at=T0 + 5, amount=1),
        order("c", at=T0 + 5, amount=2),
        order("a", at=T0 + 5, amount=3),
        order("z", at=T0, amount=4),
    ]
    split = split_of(settings_of({"last": METRICS["last"]}), "order", events)
    (sheet,) = told(split)
    assert (sheet.values.tolist(), sheet.times.tolist(), sheet.ids) == ([20_000], [T0 + 5], ["c"])


def test_distinct_keeps_the_registers_of_each_cell() -> None:
    metric = Metric(event="click", distinct="user_id")
    events = [click(str(i), user_id=f"u{i % 40}", region="n" if i % 2 else "s") for i in range(200)]
    split = split_of(settings_of({"users": metric}, [[], ["region"]]), "click", [*events, click("nobody")])
    registers = {
        sheet.entities[sheet.entity[cell]]: distinct.estimate(sheet.registers)[entry]
        for sheet in told(split)
        for entry, cell in enumerate(sheet.cell.tolist())
    }
    assert registers == pytest.approx({"": 40, "region=n": 20, "region=s": 20}, rel=0.05)
    assert {count for sheet in told(split) for count in sheet.counts.tolist()} == {200, 100}


def test_sums_are_exact_where_floats_are_not() -> None:
    metric = Metric(event="metric", sum="value", scale=1)
    values = [2**53 - 2, 2**53 - 2, 1, 1, 1]
    events = [click(str(i), type="sample", name="n", value=value) for i, value in enumerate(values)]
    split = split_of(settings_of({"m": metric}), "metric", events)
    assert list(joined(split, "m/").values()) == [(5, 2**54 - 1)]


def test_a_sum_stops_short_of_wrapping_round() -> None:
    metric = Metric(event="metric", sum="value", scale=1)
    events = [click(str(i), type="sample", name="n", value=2**53 - 2) for i in range(1_100)]
    split = split_of(settings_of({"m": metric}), "metric", events)
    assert list(joined(split, "m/").values()) == [(1_100, SUM_MAX)]


def test_many_dimensions_of_many_values_do_not_mix() -> None:
    metric = Metric(event="click", count=True)
    dims = ["campaign", "category", "channel", "device", "region", "sku"]
    events = [click(str(i)) | {dim: f"{dim}{i * 31 % 199}" for dim in dims} for i in range(3_000)]
    split = split_of(settings_of({"m": metric}, [dims]), "click", events)
    assert joined(split, "m/" + ",".join(dims)) == expected_cells(events, metric, tuple(dims))


def test_nothing_gives_nothing() -> None:
    for kind in ("order", "click"):
        assert split_of(settings_of(METRICS), kind, []) == [[], [], [], []]


def test_a_sheet_names_what_it_holds_and_nothing_else() -> None:
    metrics = {name: METRICS[name] for name in ("created", "max")}
    events = [order("a", amount=1, region="n"), {**order("b", region="s"), "type": "paid"}]
    sheets = told(split_of(settings_of(metrics, [["region"]]), "order", events))
    assert sorted(sheet.entities for sheet in sheets if sheet.groups == ["created/region", "max/region"]) == [
        ["region=n"]
    ]


def test_hundreds_of_groups_go_into_several_sheets() -> None:
    metrics = {
        f"m{i}": Metric(event="click", where={"type": ["view", f"t{i}"]}, count=True)
        for i in range(GROUPS + 3)
    }
    split = split_of(settings_of(metrics), "click", [click("a"), click("b")])
    assert [len(sheet.groups) for sheet in told(split)] == [GROUPS, 3]
    assert all(joined(split, f"{name}/") == {("", T0): (2, 0)} for name in metrics)


def test_arrays_have_the_widths_of_the_wire() -> None:
    split = split_of(settings_of(METRICS), "order", [order("a", amount=1, lines=[{"sku": "s", "qty": 1}])])
    for sheet in told(split):
        assert {c.dtype for c in (sheet.entity, sheet.group, sheet.cell)} == {np.dtype("int32")}
        assert {c.dtype for c in (sheet.panes, sheet.counts, sheet.values, sheet.times)} == {
            np.dtype("int64")
        }
        assert sheet.registers.dtype == np.uint8


@pytest.mark.parametrize("by", [[["region"]], [[], ["region"]]], ids=["total not told", "total told"])
def test_every_partition_is_told_the_whole_shop_for_series_that_borrow(by: list[list[str]]) -> None:
    config = settings_of({name: METRICS[name] for name in ("created", "turnover", "max")}, by)
    lines = [{"sku": "s", "qty": 2, "unit_price": 3}]
    events = [order(f"{i}", at=T0 + i * 20_000, amount=i, lines=lines, region="ns"[i % 2]) for i in range(9)]
    split = split_of(config, "order", events)
    for name in ("created", "turnover"):
        whole = expected_cells(events, METRICS[name], ())
        for sheets in split:
            assert joined([sheets], f"{name}/*") == whole
    assert not any("max/*" in sheet.groups for sheet in told(split))
