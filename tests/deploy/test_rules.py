import re
from pathlib import Path

import pytest

from sinks.health_rules import HEALTH
from sinks.metrics import CATALOGUE
from sinks.rule_files import rule_files
from sinks.rules import GRADES, RECORD, SERIES_LABELS, Links, alert_group, labels_of
from tests.deploy.program import DEPLOY, ROOT, run

RULES = sorted((DEPLOY / "prometheus/rules").glob("*.yaml"))


@pytest.mark.parametrize("path", rule_files(Links()))
def test_a_rule_file_is_what_the_tables_say(path):
    assert (DEPLOY / path).read_bytes() == rule_files(Links())[path], "run: python -m sinks.rule_files"


def test_prometheus_takes_the_rules_and_has_nothing_to_remark():
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *RULES)


def test_prometheus_takes_the_configuration():
    run("promtool", "check", "config", "--lint=all", DEPLOY / "prometheus/prometheus.yml")


@pytest.mark.parametrize(
    "file", sorted((ROOT / "tests/deploy/rules").glob("*.yaml")), ids=lambda file: file.stem
)
def test_the_rules_judge_recorded_series_as_told(file):
    run("promtool", "test", "rules", file)


def test_the_grades_exclude_each_other_and_leave_none_out():
    rules = [rule for rule in alert_group(Links())["rules"] if rule.get("alert") == "FenghuoAlert"]
    assert [rule["expr"] for rule in rules] == [f"{RECORD} == {grade}" for grade in (4, 3, 2, 1)]


def test_the_rules_name_only_metrics_of_the_catalogue():
    text = "".join(file.read_text() for file in RULES)
    suffix = re.compile(r"_(bucket|count|sum)$")
    named = {suffix.sub("", name) for name in re.findall(r"\bfenghuo_[a-z_]+", text)}
    assert named <= CATALOGUE.keys()


def test_pages_are_there_for_every_grade_and_every_health_rule():
    pages = {f"grade-{row.name}" for row in GRADES} | {row.name for row in HEALTH}
    assert {page.stem for page in (ROOT / "docs/runbooks").glob("*.md")} == pages


def test_a_pushed_alert_has_the_labels_of_the_rule():
    series = {
        "monitor": "orders",
        "metric": "orders",
        "kind": "traffic",
        "owner": "marketing",
    }  # no empty ones
    rule = next(rule for rule in alert_group(Links())["rules"] if rule.get("labels", {}).get("grade") == "II")
    pushed = labels_of(("orders", "orders", "", "traffic", "marketing"), 3)
    assert pushed == {"alertname": rule["alert"], **series, **rule["labels"]}


def test_the_labels_of_a_rule_are_those_of_the_metric():
    assert CATALOGUE["fenghuo_alert_grade"].labels == SERIES_LABELS


def test_health_rules_are_named_by_what_is_wrong_and_listed_once():
    names = [row.name for row in HEALTH]
    assert len(set(names)) == len(names)
    assert all(name.startswith("Fenghuo") for name in names)


def test_a_planted_fault_in_a_rule_is_found(tmp_path: Path):
    broken = (DEPLOY / "prometheus/rules/alerts.yaml").read_text().replace("== 3", ">= 3")
    (tmp_path / "alerts.yaml").write_text(broken)
    (tmp_path / "health.yaml").write_text((DEPLOY / "prometheus/rules/health.yaml").read_text())
    test = (ROOT / "tests/deploy/rules/alerts.yaml").read_text()
    (tmp_path / "test.yaml").write_text(test.replace("../../../deploy/prometheus/rules/", ""))
    with pytest.raises(AssertionError, match="FAILED"):
        run("promtool", "test", "rules", tmp_path / "test.yaml")
