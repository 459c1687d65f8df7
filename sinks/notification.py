"""The record of a notification: one change of one incident, told to people once."""

from typing import Literal, NamedTuple

import msgspec

from detectors.alert import COLOURS, GRADE_NAMES, Alert
from detectors.series import series_id
from sinks.alert_record import Grade, Headers, Window, Wire, cloud_event

SCHEMA_VERSION = 1
CE_TYPE = "fenghuo.notification.v1"
LISTED_MAX = 20  # alerts named in one notification

Turn = Literal[
    "opened", "escalated", "downgraded", "updated", "acknowledged", "overdue", "reminded", "resolved"
]


class NotificationRefused(ValueError):  # noqa: N818 (named like what it says)
    """A record that is not a notification of this schema version."""


class Member(Wire, frozen=True, kw_only=True):
    """One alert of the incident."""

    alert_id: str
    monitor: str
    series: str
    grade: Grade


class Impact(Wire, frozen=True, kw_only=True):
    """What the incident costs, estimated from the shop's own sums: what they lack of what was expected.

    amount      since it began, per_minute: now; in `currency` (empty: the shop's only one)
    """

    amount: float
    per_minute: float
    currency: str


class Answer(NamedTuple):
    """Who is answerable: who has it now, all who were told, and who acknowledged it (empty: nobody)."""

    owner: str
    owners: tuple[str, ...]
    respond_within_s: int
    acknowledged_by: str = ""


class Notification(Wire, frozen=True, kw_only=True):
    """The value of the record.

    idempotency_key  the same for the same change on every replay: act once per key
    grade            the worst of the incident's open alerts; 0 when resolved. peak_grade: the worst it had
    since            start of the first strange window of its alerts, epoch ms
    owner            who has it now; owners: all who were told so far, the first one first
    acknowledged_by  who has taken it over; empty: nobody yet
    impact           null where money is not known
    alerts           the worst ones, at most 20, of alerts_total; when resolved: those that ended last
    """

    schema_version: int
    idempotency_key: str
    incident_id: str
    transition: Turn
    sequence: int
    verdict: Literal["business", "pipeline"]
    grade: Grade
    grade_name: str
    colour: str
    peak_grade: Grade
    kind: str
    title: str
    text: str
    owner: str
    respond_within_s: int
    runbook_url: str
    action: str
    window: Window
    since: int
    alerts_total: int
    alerts: tuple[Member, ...]
    owners: tuple[str, ...] = ()
    acknowledged_by: str = ""
    impact: Impact | None = None


def build(
    incident_id: str,
    transition: Turn,
    sequence: int,
    lead: Alert,
    alerts: list[Alert],
    *,
    grades: tuple[int, int],
    since_ms: int,
    title: str,
    text: str,
    answer: Answer | None = None,
    impact: Impact | None = None,
) -> Notification:
    """Return the notification led by `lead`, of `alerts` worst first; `grades`: the grade now, the worst.

    answer: None for the lead's owner.
    """
    grade, peak = grades
    owner, owners, respond_within_s, acknowledged_by = answer or Answer(
        lead.owner, (lead.owner,), lead.respond_within_s
    )
    return Notification(
        schema_version=SCHEMA_VERSION,
        idempotency_key=f"{incident_id}-{sequence}",
        incident_id=incident_id,
        transition=transition,
        sequence=sequence,
        verdict=lead.verdict,
        grade=grade,
        grade_name=GRADE_NAMES[grade],
        colour=COLOURS[grade],
        peak_grade=peak,
        kind=lead.kind,
        title=title,
        text=text,
        owner=owner,
        respond_within_s=respond_within_s,
        runbook_url=lead.runbook_url,
        action=lead.action,
        window=Window(start=lead.window_start_ms, end=lead.window_end_ms),
        since=since_ms,
        alerts_total=len(alerts),
        alerts=tuple(_member(alert) for alert in alerts[:LISTED_MAX]),
        owners=owners,
        acknowledged_by=acknowledged_by,
        impact=impact,
    )


def to_record(notification: Notification, shop: str) -> tuple[bytes, bytes, Headers]:
    """Return key (the incident), value and headers of the record."""
    incident, time_ms = notification.incident_id, notification.window.end
    headers = cloud_event(CE_TYPE, notification.idempotency_key, shop, time_ms, incident)
    return incident.encode(), _ENCODER.encode(notification), headers


def from_record(value: bytes) -> Notification:
    """Return the notification of a record's value. Raises NotificationRefused."""
    try:
        notification = _DECODER.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotificationRefused(f"not a notification: {error}") from error
    if notification.schema_version != SCHEMA_VERSION:
        raise NotificationRefused(
            f"notification of schema version {notification.schema_version}, have {SCHEMA_VERSION}"
        )
    return notification


def _member(alert: Alert) -> Member:
    return Member(
        alert_id=alert.alert_id,
        monitor=alert.monitor,
        series=series_id(alert.metric, alert.entity),
        grade=alert.grade,
    )


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Notification)
