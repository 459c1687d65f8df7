"""Prometheus rules of alerts: one table of grades; what identifies an alert there and in Alertmanager.

One rule a grade, exclusive of each other: an alert is of exactly one grade at a time. The grade is a label,
so that routing can see it; numbers that move are in annotations, which do not make another alert. What a
grade rests on is held while nobody exports it: a worker that dies while an alert is open must not look like
its end.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from detectors.alert import COLOURS, GRADE_NAMES

ALERT, RESOLVED = "FenghuoAlert", "FenghuoResolved"
SERIES_LABELS = ("monitor", "metric", "entity", "kind", "owner")
RECORD, PEAK = "fenghuo:alert_grade", "fenghuo:alert_peak"
HELD_FOR = "5m"  # longer than a worker needs to take over from another
TOLD_FOR = "10m"  # how long an end can be told; longer than any group waits

Rule = dict[str, Any]


class Links(NamedTuple):
    """Where annotations point to; without a slash at the end."""

    runbooks: str = "docs/runbooks"
    grafana: str = "http://localhost:3000"


class Row(NamedTuple):
    """What a grade means to those on duty."""

    grade: int
    severity: str
    respond: str

    @property
    def name(self) -> str:
        """`I` to `IV`."""
        return GRADE_NAMES[self.grade]

    @property
    def colour(self) -> str:
        """The colour people know the grade by."""
        return COLOURS[self.grade]


GRADES = (
    Row(4, "critical", "15 minutes"),
    Row(3, "warning", "30 minutes"),
    Row(2, "warning", "4 hours"),
    Row(1, "info", "the next day"),
)
_ROWS = {row.grade: row for row in GRADES}


def labels_of(series: Sequence[str], grade: int) -> dict[str, str]:
    """Return the labels an open alert has when it comes from the rules; empty ones are none.

    series: the values of SERIES_LABELS, as a sample of fenghuo_alert_grade has them.


    Raises KeyError for grade 0.
    """
    named = dict(zip(SERIES_LABELS, series, strict=True))
    labels = {"alertname": ALERT, **named, **_grade_labels(_ROWS[grade])}
    return {name: value for name, value in labels.items() if value}


def alert_group(links: Links) -> Rule:
    """Return the rule group: what the grades rest on, then a rule a grade, then the ends.

    All in one group: its rules are evaluated in their order, at one time.
    """
    rules = [
        {"record": RECORD, "expr": _held()},
        {"record": PEAK, "expr": f"({PEAK} > ({RECORD} > 0)) or ({RECORD} > 0)"},
        *(_open(row, links) for row in GRADES),
        *(_end(row, links) for row in GRADES if row.grade > 1),
    ]
    return {"name": "fenghuo-alerts", "rules": rules}


def _held() -> str:
    """Return the grade of every series: as exported, as exported last, or as it was when notify went away."""
    by = f"max by ({', '.join(SERIES_LABELS)})"
    nobody = 'unless on () (sum(fenghuo_partitions{machine="notify"}) > 0)'
    return (
        f"{by} (fenghuo_alert_grade) or {by} (last_over_time(fenghuo_alert_grade[{HELD_FOR}])) "
        f"or ({RECORD} {nobody})"
    )


def _open(row: Row, links: Links) -> Rule:
    return {
        "alert": ALERT,
        "expr": f"{RECORD} == {row.grade}",
        "labels": _grade_labels(row),
        "annotations": {
            "summary": f"{_WHAT}: grade {row.name}, {row.colour}",
            "description": f"{_HOW_MUCH}{{{{ $labels.owner }}}} responds within {row.respond}. "
            "What was found, why, and what to do: fenghuo alerts list.",
            **_links(f"grade-{row.name}.md", links),
        },
    }


def _end(row: Row, links: Links) -> Rule:
    """Return the rule that tells an end, as an alert of its own that lasts a while.

    Alertmanager's own "resolved" cannot tell an end: when a grade changes, one alert ends and another begins.
    """
    return {
        "alert": RESOLVED,
        "expr": f"(last_over_time({PEAK}[{TOLD_FOR}]) == {row.grade}) unless ({RECORD} > 0)",
        "labels": {"severity": "info", "grade": "resolved", "colour": "green", "peak": row.name},
        "annotations": {
            "summary": f"{_WHAT}: back to normal, was grade {row.name}",
            "description": f"The worst it had was grade {row.name}, {row.colour}.",
            **_links(f"grade-{row.name}.md", links),
        },
    }


def _grade_labels(row: Row) -> dict[str, str]:
    return {"severity": row.severity, "grade": row.name, "colour": row.colour}


def _links(page: str, links: Links) -> dict[str, str]:
    series = "var-monitor={{ urlquery $labels.monitor }}&var-entity={{ urlquery $labels.entity }}"
    return {
        "runbook_url": f"{links.runbooks}/{page}",
        "dashboard_url": f"{links.grafana}/d/fenghuo-shop?{series}",
    }


def _last(words: str, family: str) -> str:
    """Return a template of a family's value of the series, `words` before it; nothing if it is not shown."""
    series = (
        f'printf "{family}{{monitor=%q,metric=%q,entity=%q}}" $labels.monitor $labels.metric $labels.entity'
    )
    return f"{{{{ with {series} | query }}}}{words} {{{{ . | first | value | humanize }}}}. {{{{ end }}}}"


_WHAT = "{{ $labels.metric }}{{ with $labels.entity }} of {{ . }}{{ end }}"
_HOW_MUCH = _last("The last window shows", "fenghuo_value") + _last("Usual is about", "fenghuo_expected")
