"""Every query of every dashboard, asked of a real Prometheus that scrapes fenghuo's own pages."""

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sinks.dashboards import FOLDER, SHOP_KPIS, dashboards
from sinks.metrics import CATALOGUE, SERIES_FAMILIES, Sample
from sinks.prometheus import Exhibit, serve
from tests.deploy.program import DEPLOY
from tests.deploy.stack import ask, prometheus, until

VALUES = {
    "topic": "shop.click.v1",
    "partition": "0",
    "machine": "ingest",
    "instance": "a",
    "channel": "wecom",
    "outcome": "rejected",
}
PAGES = {name: json.loads(content) for name, content in dashboards().items()}
# Scraped, recorded by a rule, alerted on by a rule: when these are there, all is.
WAITED = (
    "fenghuo:reject_ratio:rate10m > 0",
    'ALERTS{alertname="FenghuoFuseBlown"}',
    "fenghuo:open_alerts:count",
)
QUERIES = [
    pytest.param(target["expr"], id=f"{page['title']}: {panel['title']} {target['refId']}")
    for page in PAGES.values()
    for panel in page["panels"]
    for target in panel["targets"]
]


def _show(exhibit: Exhibit, total: float) -> bool:
    """Show a value of every family, a band of every core figure of the shop; counters stand at `total`."""
    samples = []
    for name, family in CATALOGUE.items():
        labels = tuple(VALUES.get(label, "x") for label in family.labels)
        if family.type == "histogram":
            exhibit.observe(name, labels, 0.1)
        elif name in SERIES_FAMILIES | {"fenghuo_alert_grade"}:
            samples += [Sample(name, (kpi, kpi, "", *labels[3:]), 2.0) for kpi in SHOP_KPIS]
        elif name != "fenghuo_build_info":
            samples.append(Sample(name, labels, total if family.type == "counter" else 1.0))
    exhibit.publish(samples)
    return True


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    with ExitStack() as stack:
        exhibit = Exhibit(10_000)
        server = serve(exhibit, "127.0.0.1", 0, healthy=str, ready=str)
        stack.callback(server.close)
        url = stack.enter_context(prometheus(folder, _config(server.port)))
        totals = itertools.count()
        for query in WAITED:
            until(lambda: _show(exhibit, next(totals)) and _result(url, query), f"nothing yet: {query}")  # noqa: B023 (called at once)
        yield url


def _config(port: int) -> str:
    return f"""
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}
rule_files: ["{DEPLOY / "prometheus/rules/*.yaml"}"]
scrape_configs: [{{job_name: fenghuo, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


def _result(url: str, query: str) -> list[object]:
    answer = ask(f"{url}/api/v1/query", query=query)
    assert answer["status"] == "success", f"{query}: {answer}"
    return list(answer["data"]["result"])


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_of_a_dashboard_finds_something(url, query):
    chosen = query.replace("$monitor", "orders").replace("$entity", "")
    assert _result(url, chosen), chosen


@pytest.mark.parametrize(
    "variable", [v["query"]["query"] for v in PAGES["shop.json"]["templating"]["list"][1:]]
)
def test_a_list_to_choose_from_has_entries(url, variable):
    series, _, label = variable.removeprefix("label_values(").removesuffix(")").rpartition(", ")
    query = f"count by ({label}) ({series.replace('$monitor', 'orders')})"
    assert _result(url, query), variable


@pytest.mark.parametrize("name", PAGES)
def test_a_dashboard_is_what_the_table_says(name):
    assert (FOLDER / name).read_bytes() == dashboards()[name], "run: python -m sinks.dashboards"


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_panels_do_not_overlap(page):
    places = [panel["gridPos"] for panel in page["panels"]]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(x < 24 for x, _ in cells)


def test_the_shop_overview_shows_monitors_of_the_shipped_catalogue():
    catalogue = Path("streams/settings/catalogue.yaml").read_text(encoding="utf-8")
    assert set(SHOP_KPIS) <= set(re.findall(r"^  - name: (\w+)", catalogue, re.MULTILINE))
