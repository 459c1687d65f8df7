"""The catalogue of fenghuo's own metrics: every name, its type, labels and meaning, in one place."""

from typing import Literal, NamedTuple


class Family(NamedTuple):
    """One metric family; `labels` in the order a sample gives their values."""

    type: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str


class Sample(NamedTuple):
    """One value of a family now. Counters are totals since the state began."""

    name: str
    labels: tuple[str, ...]
    value: float


CATALOGUE: dict[str, Family] = {
    # ingest
    "fenghuo_events_total": Family(
        "counter", ("topic", "partition", "outcome"), "Records read: aggregated, rejected, late or duplicate."
    ),
    "fenghuo_rejects_total": Family("counter", ("topic", "reason"), "Records sent to the dead letters."),
    "fenghuo_unknown_fields_total": Family("counter", ("topic",), "Unknown fields seen in sampled events."),
    "fenghuo_watermark_timestamp_seconds": Family(
        "gauge", ("topic", "partition"), "Event time passed by a source, lateness taken off."
    ),
    "fenghuo_fuse_blown": Family("gauge", ("topic", "partition"), "1 while a partition is not read."),
    # detect
    "fenghuo_value": Family("gauge", ("monitor", "metric", "entity"), "Value of the last closed window."),
    "fenghuo_expected": Family("gauge", ("monitor", "metric", "entity"), "What the detector expected."),
    "fenghuo_lower": Family("gauge", ("monitor", "metric", "entity"), "Lower end of the normal band."),
    "fenghuo_upper": Family("gauge", ("monitor", "metric", "entity"), "Upper end of the normal band."),
    "fenghuo_score": Family("gauge", ("monitor", "metric", "entity"), "Strangeness in nats."),
    "fenghuo_series": Family("gauge", ("monitor", "partition"), "Series kept."),
    "fenghuo_series_state": Family(
        "gauge",
        ("monitor", "partition", "state"),
        "Series by how well they are known: cold (grade IV at most), warming, ready, frozen (strange now).",
    ),
    "fenghuo_series_over_limit_total": Family(
        "counter",
        ("monitor", "partition"),
        "Observations counted under `other` because of the limit of series (or categories).",
    ),
    "fenghuo_series_evicted_total": Family(
        "counter",
        ("monitor", "partition"),
        "Series forgotten: without events for `limits.series_ttl`.",
    ),
    "fenghuo_windows_total": Family("counter", ("monitor", "partition"), "Windows closed."),
    "fenghuo_restatements_total": Family("counter", ("monitor", "partition"), "Windows scored again."),
    "fenghuo_too_late_total": Family("counter", ("topic", "partition"), "Partials too late for restatement."),
    "fenghuo_drifts_total": Family(
        "counter", ("monitor", "partition"), "Times the scores of a monitor changed their level (ADWIN)."
    ),
    "fenghuo_drift_timestamp_seconds": Family(
        "gauge", ("monitor", "partition"), "End of the window in which that was last seen, event time."
    ),
    "fenghuo_samples_dropped": Family("gauge", (), "Samples left out by the budget."),
    # notify
    "fenghuo_alert_grade": Family(
        "gauge",
        ("monitor", "metric", "entity", "kind", "owner"),
        "Grade of an open alert: 1 IV to 4 I; 0 for a while after its end.",
    ),
    "fenghuo_incidents_unacknowledged": Family(
        "gauge", ("grade",), "Incidents people were told of and nobody has acknowledged."
    ),
    "fenghuo_alerts_total": Family("counter", ("transition", "grade"), "Alert transitions seen by notify."),
    "fenghuo_incidents_total": Family("counter", ("grade",), "Incidents told, by grade at opening."),
    "fenghuo_budget_spent": Family(
        "gauge",
        ("class",),
        "New incidents a day, mean of the last seven by event time: page (grade II), warning (grade III).",
    ),
    "fenghuo_budget_lowered_total": Family(
        "counter", (), "Alerts told one grade lower because more than the budget had been told."
    ),
    "fenghuo_alerts_waiting": Family("gauge", (), "Alerts of windows not passed by all partitions."),
    "fenghuo_alerts_given_up_total": Family(
        "counter", (), "Open alerts no longer followed because their incident has too many."
    ),
    "fenghuo_windows_forced_total": Family(
        "counter",
        (),
        "Windows decided before all partitions had passed them: too many alerts waited.",
    ),
    "fenghuo_alert_records_refused_total": Family(
        "counter", (), "Records of the alert topic that are not fenghuo's."
    ),
    # runner
    "fenghuo_transactions_total": Family("counter", ("machine",), "Transactions committed."),
    "fenghuo_apply_seconds": Family("histogram", ("machine",), "Time to apply one batch."),
    "fenghuo_flush_seconds": Family("histogram", ("machine",), "Time from flush to commit."),
    "fenghuo_restore_seconds": Family("histogram", ("machine",), "Time to restore one partition's state."),
    "fenghuo_rebalance_seconds": Family(
        "histogram", (), "Time nothing was read because partitions changed hands."
    ),
    "fenghuo_partitions": Family("gauge", ("machine",), "Partitions owned by this worker."),
    "fenghuo_behind_seconds": Family(
        "gauge",
        ("topic", "partition"),
        "Age of the last record applied, by its record timestamp, while there is more to read; else 0.",
    ),
    # courier
    "fenghuo_deliveries_total": Family(
        "counter",
        ("channel", "outcome"),
        "Attempts to deliver: delivered, retry or refused; expired: too old to be told.",
    ),
    "fenghuo_undelivered": Family("gauge", ("channel",), "Notifications that wait for a channel."),
    "fenghuo_undelivered_seconds": Family(
        "gauge", ("channel",), "Age of the oldest notification that waits for a channel; 0 when none waits."
    ),
    "fenghuo_unrouted_total": Family("counter", (), "Notifications that no route takes to a channel."),
    "fenghuo_notifications_refused_total": Family(
        "counter", (), "Records of the notification topic that are no notifications."
    ),
    "fenghuo_build_info": Family("gauge", ("version", "python"), "1, with the version as label."),
}

# Families with one sample per series: what the sample budget is about.
SERIES_FAMILIES = frozenset(
    {"fenghuo_value", "fenghuo_expected", "fenghuo_lower", "fenghuo_upper", "fenghuo_score"}
)


def to_markdown() -> str:
    """Return the catalogue as the page docs/metrics.md."""
    rows = (
        f"| `{name}` | {family.type} | {' '.join(f'`{label}`' for label in family.labels)} | {family.help} |"
        for name, family in CATALOGUE.items()
    )
    return "\n".join([_HEAD, *rows, ""])


_HEAD = """# Metrics

What a worker shows on `/metrics` (port 9464; `server` in the settings). This page is the catalogue in
`sinks/metrics.py`, written by `python -m sinks.metrics > docs/metrics.md`.

`entity` names the part of the shop a series is about, `region=east`; it is empty for the whole shop. Values,
bands and scores are shown within a budget (`limits.samples`, 30,000 a worker): series with an open alert
first, then the whole shop, then the rest; `fenghuo_samples_dropped` says how many found no room. Details of
every alert are on the alert topic (see alerts.md).

Alert on `last_over_time(fenghuo_alert_grade[5m]) == 4` and the like, one rule a grade: a worker that dies
while an alert is open must not look like its end.

| metric | type | labels | meaning |
|---|---|---|---|"""


if __name__ == "__main__":
    print(to_markdown(), end="")
