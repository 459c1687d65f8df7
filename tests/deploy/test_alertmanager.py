import re

import pytest

from tests.deploy.program import DEPLOY, run

CONFIG = DEPLOY / "alertmanager/alertmanager.yml"
SHOP = "monitor=orders kind=order_volume owner=operations alertname=FenghuoAlert"


def test_alertmanager_takes_the_configuration():
    assert "SUCCESS" in run("amtool", "check-config", CONFIG)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        pytest.param(f"{SHOP} grade=I severity=critical", "page", id="grade I pages"),
        pytest.param(f"{SHOP} grade=II severity=warning", "team", id="grade II goes to the team"),
        pytest.param(f"{SHOP} grade=III severity=warning", "team", id="grade III goes to the team"),
        pytest.param(f"{SHOP} grade=IV severity=info", "feed", id="grade IV goes to the feed"),
        pytest.param(
            "alertname=FenghuoResolved grade=resolved peak=I",
            "page,team",
            id="the end of red is told to both",
        ),
        pytest.param("alertname=FenghuoResolved grade=resolved peak=II", "team", id="the end of orange"),
        pytest.param("alertname=FenghuoResolved grade=resolved peak=III", "team", id="the end of yellow"),
        pytest.param(
            "alertname=FenghuoDown component=fenghuo severity=critical",
            "page",
            id="no worker: somebody is paged",
        ),
        pytest.param(
            "alertname=FenghuoRejects component=fenghuo severity=warning topic=a",
            "platform",
            id="rejects go to the platform's people",
        ),
        pytest.param(
            "alertname=FenghuoSampleBudget component=fenghuo severity=info", "platform", id="a full /metrics"
        ),
        pytest.param(
            "alertname=FenghuoWatchdog component=fenghuo severity=none",
            "watchdog",
            id="the dead man's switch",
        ),
        pytest.param("alertname=SomebodyElses severity=critical", "team", id="what is not ours is not lost"),
    ],
)
def test_an_alert_goes_to(labels, receivers):
    route = ("config", "routes", "test", f"--config.file={CONFIG}", f"--verify.receivers={receivers}")
    run("amtool", *route, *labels.split())


@pytest.mark.parametrize(
    ("grade", "wait", "repeat", "active"),
    [
        ("I", "0s", "30m", None),
        ("II", "15s", "2h", None),
        ("III", "45s", "8h", "office-hours"),
        ("IV", "1m", "20h", "daily-feed"),
    ],
)
def test_a_grade_is_told_so_soon_and_so_often(grade, wait, repeat, active):
    route = _route(f'alertname="FenghuoAlert", grade="{grade}"')
    assert f"group_wait: {wait}\n" in route
    assert f"repeat_interval: {repeat}\n" in route
    assert ("active_time_intervals" in route) == (active is not None)
    assert active is None or f"active_time_intervals: [{active}]" in route


def test_nobody_but_the_platform_is_told_resolved():
    receivers = CONFIG.read_text().split("\nreceivers:")[1]
    told = re.findall(r"- name: (\w+)\n.*?send_resolved: (\w+)", receivers, re.DOTALL)
    assert [name for name, resolved in told if resolved == "true"] == ["platform"]
    assert len(told) == 5


def test_no_grade_inhibits_another():
    inhibitions = CONFIG.read_text().split("inhibit_rules:")[1].split("time_intervals:")[0]
    sources = re.findall(r"source_matchers: (.*)", inhibitions)
    assert len(sources) == 4
    assert all("grade" not in source and "FenghuoAlert" not in source for source in sources)


def test_secrets_stand_in_files_only():
    keys = re.findall(r"(?:credentials|password|token|secret|routing_key|api_url)\w*:", CONFIG.read_text())
    assert keys
    assert all(key.endswith("_file:") for key in keys)


def _route(matchers: str) -> str:
    text = CONFIG.read_text()
    start = text.index(f"- matchers: [{matchers}]")
    return text[start : _end(text, start)]


def _end(text: str, start: int) -> int:
    ends = [text.find(mark, start + 1) for mark in ("\n    - matchers", "\n    #", "\n\n")]
    return min(end for end in ends if end > 0) + 1
