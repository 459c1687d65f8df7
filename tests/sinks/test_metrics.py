import re
from pathlib import Path

from sinks.metrics import CATALOGUE, SERIES_FAMILIES, to_markdown


def test_the_page_is_the_catalogue() -> None:
    assert Path("docs/metrics.md").read_text(encoding="utf-8") == to_markdown(), (
        "run: python -m sinks.metrics > docs/metrics.md"
    )


def test_names_follow_the_habits_of_prometheus() -> None:
    for name, family in CATALOGUE.items():
        assert re.fullmatch(r"fenghuo_[a-z_]+", name)
        assert name.endswith("_total") == (family.type == "counter"), name
        assert family.help.endswith("."), name


def test_series_families_share_the_labels_that_name_a_series() -> None:
    assert {CATALOGUE[name].labels for name in SERIES_FAMILIES} == {("monitor", "metric", "entity")}
    assert CATALOGUE["fenghuo_alert_grade"].labels[:3] == ("monitor", "metric", "entity")
