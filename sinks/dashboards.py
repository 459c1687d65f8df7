"""Grafana's dashboards, written from a table of panels: `python -m sinks.dashboards`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from detectors.alert import GRADE_NAMES

FOLDER = Path(__file__).parent.parent / "deploy/grafana/dashboards"
WIDTH, HEIGHT = 24, 8
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_COLOURS = {1: "blue", 2: "yellow", 3: "orange", 4: "red"}


class Query(NamedTuple):
    """One query of a panel and what its series are called."""

    expr: str
    legend: str


class Panel(NamedTuple):
    """One panel; `width` in Grafana's columns, of 24. grades: values are grades, shown as coloured names."""

    title: str
    kind: str
    width: int
    queries: Sequence[Query]
    unit: str = "short"
    grades: bool = False


class Variable(NamedTuple):
    """A drop-down list: `query` finds the values."""

    name: str
    query: str


SHOP_KPIS = ("orders", "revenue", "payment_success", "conversion_rate", "clicks", "cancellation_rate")
_ONE = 'monitor="$monitor",entity="$entity"'


def _band(where: str) -> tuple[Query, ...]:
    return tuple(
        Query(f"max by (monitor) (fenghuo_{name}{{{where}}})", name)
        for name in ("value", "expected", "lower", "upper")
    )


SHOP = (
    Panel("Open alerts", "table", 14, (Query("sort_desc(fenghuo:alert_grade > 0)", ""),), grades=True),
    Panel(
        "Open alerts by grade",
        "timeseries",
        10,
        tuple(
            Query(f"count(fenghuo:alert_grade == {grade}) or vector(0)", GRADE_NAMES[grade])
            for grade in (4, 3, 2, 1)
        ),
    ),
    *(
        Panel(kpi.replace("_", " ").capitalize(), "timeseries", 8, _band(f'monitor="{kpi}",entity=""'))
        for kpi in SHOP_KPIS
    ),
    Panel("$monitor $entity", "timeseries", 16, _band(_ONE)),
    Panel(
        "Grade of $monitor $entity",
        "timeseries",
        8,
        (Query(f"max by (monitor, entity) (fenghuo:alert_grade{{{_ONE}}})", "grade"),),
        grades=True,
    ),
    Panel(
        "Strangest values now",
        "table",
        24,
        (Query("topk(20, max by (monitor, metric, entity) (fenghuo_score))", ""),),
        unit="none",
    ),
)
HEALTH = (
    Panel("Workers", "stat", 4, (Query('count(up{job="fenghuo"} == 1) or vector(0)', "up"),)),
    Panel(
        "Wrong with the watcher",
        "table",
        20,
        (Query('ALERTS{component="fenghuo",alertstate="firing",alertname!="FenghuoWatchdog"}', ""),),
    ),
    Panel(
        "Records",
        "timeseries",
        12,
        (Query("sum by (topic, outcome) (fenghuo:events:rate1m)", "{{topic}} {{outcome}}"),),
        unit="reqps",
    ),
    Panel(
        "Rejected", "timeseries", 6, (Query("fenghuo:reject_ratio:rate10m", "{{topic}}"),), unit="percentunit"
    ),
    Panel(
        "Reasons of rejects",
        "timeseries",
        6,
        (Query("sum by (topic, reason) (rate(fenghuo_rejects_total[5m]))", "{{topic}} {{reason}}"),),
    ),
    Panel(
        "Seconds behind",
        "timeseries",
        8,
        (Query("max by (topic) (fenghuo_behind_seconds)", "{{topic}}"),),
        unit="s",
    ),
    Panel(
        "Age of the watermark",
        "timeseries",
        8,
        (Query("time() - min by (topic) (fenghuo_watermark_timestamp_seconds)", "{{topic}}"),),
        unit="s",
    ),
    Panel(
        "Partitions owned",
        "timeseries",
        8,
        (Query("sum by (machine, instance) (fenghuo_partitions)", "{{machine}} {{instance}}"),),
    ),
    Panel(
        "Time to apply and to commit, p99",
        "timeseries",
        8,
        tuple(
            Query(
                f"histogram_quantile(0.99, sum by (le, machine) (rate(fenghuo_{name}_seconds_bucket[5m])))",
                f"{{{{machine}}}} {name}",
            )
            for name in ("apply", "flush")
        ),
        unit="s",
    ),
    Panel(
        "Windows and restatements",
        "timeseries",
        8,
        (
            Query("sum(rate(fenghuo_windows_total[5m]))", "windows"),
            Query("sum(rate(fenghuo_restatements_total[5m]))", "restated"),
            Query("sum(rate(fenghuo_too_late_total[5m]))", "too late"),
        ),
    ),
    Panel("Series", "timeseries", 8, (Query("sum by (monitor) (fenghuo_series)", "{{monitor}}"),)),
    Panel(
        "Deliveries",
        "timeseries",
        8,
        (Query("sum by (channel, outcome) (rate(fenghuo_deliveries_total[5m]))", "{{channel}} {{outcome}}"),),
    ),
    Panel(
        "Waiting for a channel",
        "timeseries",
        8,
        (Query("max by (channel) (fenghuo_undelivered_seconds)", "{{channel}}"),),
        unit="s",
    ),
    Panel(
        "Samples left out",
        "timeseries",
        8,
        (Query("max by (instance) (fenghuo_samples_dropped)", "{{instance}}"),),
    ),
)
SHOP_VARIABLES = (
    Variable("monitor", "label_values(fenghuo_value, monitor)"),
    Variable("entity", 'label_values(fenghuo_value{monitor="$monitor"}, entity)'),
)


def dashboards() -> dict[str, bytes]:
    """Return the files by their name."""
    return {
        "shop.json": _page("fenghuo-shop", "Shop overview", SHOP, SHOP_VARIABLES),
        "health.json": _page("fenghuo-health", "fenghuo health", HEALTH, ()),
    }


def _page(uid: str, title: str, panels: Sequence[Panel], variables: Sequence[Variable]) -> bytes:
    page = {
        "uid": uid,
        "title": title,
        "tags": ["fenghuo"],
        "schemaVersion": 38,
        "refresh": "10s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_source(), *map(_variable, variables)]},
        "panels": _placed(panels),
    }
    return msgspec.json.format(msgspec.json.encode(page), indent=2) + b"\n"


def _placed(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """Return the panels from left to right, a new row where the next has no room."""
    placed, x, y = [], 0, 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > WIDTH:
            x, y = 0, y + HEIGHT
        place = {"x": x, "y": y, "w": panel.width, "h": HEIGHT}
        placed.append(_panel(number, panel, place))
        x += panel.width
    return placed


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    is_table = panel.kind == "table"
    return {
        "id": number,
        "title": panel.title,
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "instant": is_table,
                "range": not is_table,
                "format": "table" if is_table else "time_series",
            }
            for at, query in enumerate(panel.queries)
        ],
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    if not panel.grades:
        return {"unit": panel.unit}
    names = {str(grade): {"text": GRADE_NAMES[grade], "color": _COLOURS[grade]} for grade in _COLOURS}
    return {"unit": "none", "min": 0, "max": 4, "mappings": [{"type": "value", "options": names}]}


def _source() -> dict[str, Any]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus"}


def _variable(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": variable.query, "refId": variable.name},
        "refresh": 2,
        "sort": 1,
    }


if __name__ == "__main__":
    for name, content in dashboards().items():
        (FOLDER / name).write_bytes(content)
