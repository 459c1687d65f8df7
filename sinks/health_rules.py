"""Prometheus rules of fenghuo's own health: what can go wrong with the watcher, one row each.

A rule is silent while another one explains what it sees: without a worker nothing is read, and only the
missing worker is told.
"""

from typing import NamedTuple

from sinks.rules import Links, Rule

COMPONENT = "fenghuo"
_WORKING = 'on () (count(up{job="fenghuo"} == 1) > 0)'
_UNOWNED = 'on () (sum(fenghuo_partitions{machine="ingest"}) == 0)'
_REJECTED = "fenghuo:reject_ratio:rate10m"


class Health(NamedTuple):
    """A row of the table. held: how long it must last; summary and description may use $labels and $value."""

    name: str
    expr: str
    held: str
    severity: str
    summary: str
    description: str


HEALTH = (
    Health(
        "FenghuoDown",
        '(count(up{job="fenghuo"} == 1) or vector(0)) == 0',
        "1m",
        "critical",
        "No fenghuo worker answers",
        "The shop is not watched. Open alerts stay as they were when the last worker went away.",
    ),
    Health(
        "FenghuoWorkerDown",
        f'up{{job="fenghuo"}} == 0 and {_WORKING}',
        "2m",
        "warning",
        "Worker {{ $labels.instance }} does not answer",
        "The others have taken its partitions over; there is less room for the next failure.",
    ),
    Health(
        "FenghuoMachineUnowned",
        f"sum by (machine) (fenghuo_partitions) == 0 and {_WORKING}",
        "2m",
        "critical",
        "No worker runs the machine {{ $labels.machine }}",
        "Workers answer, but none owns a partition of it: they may be restoring, or wait for Kafka.",
    ),
    Health(
        "FenghuoNoInput",
        f"(sum(rate(fenghuo_events_total[10m])) or vector(0)) == 0 and {_WORKING} unless {_UNOWNED}",
        "5m",
        "critical",
        "No events of any kind arrive",
        "Workers run, and none of the input topics has brought a record for ten minutes.",
    ),
    Health(
        "FenghuoWatermarkStalled",
        "max by (topic, partition) (changes(fenghuo_watermark_timestamp_seconds[10m])) == 0 and "
        "sum by (topic, partition) (increase(fenghuo_events_total[10m])) > 0",
        "5m",
        "warning",
        "Event time of {{ $labels.topic }}/{{ $labels.partition }} stands still",
        "Records arrive, but none is newer than the last ones: windows wait, or close by other partitions.",
    ),
    Health(
        "FenghuoFallingBehind",
        "max by (topic) (fenghuo_behind_seconds) > 60 and "
        "max by (topic) (deriv(fenghuo_behind_seconds[5m])) > 0",
        "5m",
        "warning",
        "{{ $labels.topic }} is read {{ $value | humanizeDuration }} late, and later all the time",
        "More arrives than is read. Alerts come late by as much.",
    ),
    Health(
        "FenghuoFarBehind",
        "max by (topic) (fenghuo_behind_seconds) > 600",
        "5m",
        "critical",
        "{{ $labels.topic }} is read {{ $value | humanizeDuration }} late",
        "What is told later than time.notify_within (30 min) is listed as history and sent to nobody.",
    ),
    Health(
        "FenghuoRejects",
        f"{_REJECTED} > 0.01 unless on (topic) (max by (topic) (fenghuo_fuse_blown) == 1)",
        "5m",
        "warning",
        "{{ $value | humanizePercentage }} of {{ $labels.topic }} is rejected",
        "Rejected records are not counted. They are kept on {{ $labels.topic }}.dlq with the reason.",
    ),
    Health(
        "FenghuoFuseBlown",
        "max by (topic, partition) (fenghuo_fuse_blown) == 1",
        "0s",
        "critical",
        "{{ $labels.topic }}/{{ $labels.partition }} is not read any more",
        "Most of its last records were rejected. It is read again after fenghuo dlq reset-fuse.",
    ),
    Health(
        "FenghuoSampleBudget",
        "max by (instance) (fenghuo_samples_dropped) > 0",
        "15m",
        "info",
        "{{ $labels.instance }} shows {{ $value }} samples less than there are",
        "Series without an alert are left out first; beyond limits.samples, grades of open alerts too.",
    ),
    Health(
        "FenghuoCourierDown",
        'up{job="fenghuo-courier"} == 0',
        "1m",
        "critical",
        "The courier does not answer",
        "Nothing is delivered by fenghuo's own channels; notifications are kept and sent when it is back.",
    ),
    Health(
        "FenghuoUndelivered",
        "max by (channel) (fenghuo_undelivered_seconds) > 300",
        "1m",
        "critical",
        "Channel {{ $labels.channel }} has delivered nothing for {{ $value | humanizeDuration }}",
        "Notifications wait for it. They are kept and sent when it answers again.",
    ),
    Health(
        "FenghuoRefused",
        'sum by (channel) (increase(fenghuo_deliveries_total{outcome="refused"}[10m])) > 0',
        "0s",
        "warning",
        "Channel {{ $labels.channel }} refuses notifications",
        "They are given up: address, token or signature are wrong, or the channel was removed.",
    ),
    Health(
        "FenghuoAlertsNotSent",
        "sum(rate(prometheus_notifications_dropped_total[5m])) > 0",
        "1m",
        "critical",
        "Prometheus cannot hand alerts to any Alertmanager",
        "Alerts are seen in Prometheus only. Notifications by fenghuo's own channels are not affected.",
    ),
    Health(
        "FenghuoReceiverFailing",
        "sum by (integration) (rate(alertmanager_notifications_failed_total[5m])) > 0",
        "2m",
        "critical",
        "Alertmanager cannot deliver by {{ $labels.integration }}",
        "It tries again; its log says why.",
    ),
    Health(
        "FenghuoWatchdog",
        "vector(1)",
        "0s",
        "none",
        "Always firing: the way of an alert is open from end to end",
        "Whoever gets this every minute must raise an alarm when it stops.",
    ),
)

RATES = (
    {"record": "fenghuo:events:rate1m", "expr": "sum by (topic, outcome) (rate(fenghuo_events_total[1m]))"},
    {
        "record": _REJECTED,
        "expr": 'sum by (topic) (rate(fenghuo_events_total{outcome="rejected"}[10m])) '
        "/ (sum by (topic) (rate(fenghuo_events_total[10m])) > 0)",
    },
    {"record": "fenghuo:open_alerts:count", "expr": 'count_values("grade", fenghuo:alert_grade > 0)'},
)


def health_group(links: Links) -> Rule:
    """Return the rule group: rates first, then a rule a row."""
    return {"name": "fenghuo-health", "rules": [*RATES, *(_rule(row, links) for row in HEALTH)]}


def _rule(row: Health, links: Links) -> Rule:
    held = {} if row.held == "0s" else {"for": row.held}
    return {
        "alert": row.name,
        "expr": row.expr,
        **held,
        "labels": {"severity": row.severity, "component": COMPONENT},
        "annotations": {
            "summary": row.summary,
            "description": row.description,
            "runbook_url": f"{links.runbooks}/{row.name}.md",
            "dashboard_url": f"{links.grafana}/d/fenghuo-health",
        },
    }
