"""The record of an alert on the alert topic: CloudEvents in binary mode, the alert as JSON in the value.

The same alert always gives the same bytes: fields in the order of this file, numbers with 6 significant
digits.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec

from detectors.alert import COLOURS, GRADE_NAMES, Alert, Change
from detectors.series import dimensions_of, series_id, split_series_id

Headers = tuple[tuple[str, bytes], ...]

SCHEMA_VERSION = 1
CE_TYPE = "fenghuo.alert.v1"

Grade = Annotated[int, msgspec.Meta(ge=0, le=4)]


class AlertRefused(ValueError):  # noqa: N818 (named like what it says)
    """A record that is not an alert of this schema version."""


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object; readers skip fields they do not know, so that fields can be added within a version."""


class Series(Wire, frozen=True, kw_only=True):
    """What is measured. `id` is the key of the record: `orders{region=east}`."""

    id: str
    metric: str
    dimensions: dict[str, str]


class Window(Wire, frozen=True, kw_only=True):
    """The window judged, [start, end), epoch ms of event time."""

    start: int
    end: int


class Pipeline(Wire, frozen=True, kw_only=True):
    """Whether the shop or its data is at fault.

    lag_s       seconds the data was behind, by record timestamps; null when unknown
    late_ratio  share of the window's records that came late
    """

    verdict: Literal["business", "pipeline"]
    lag_s: float | None
    late_ratio: float


class AlertRecord(Wire, frozen=True, kw_only=True):
    """The value of the record. Numbers are in the metric's own unit (a ratio: numerator / denominator).

    since       start of the first window at grade >= 1, epoch ms; duration_s counts from it to window.end
    change      actual / expected - 1
    exposure    what a ratio is measured on (its denominator); null for other metrics
    score, p    nats, and the tail probability exp(-score)
    acknowledged_by  who acknowledged it, in a record with that transition; else empty
    state       how well the series is known: cold, warming, ready or frozen; empty: nothing is learned of it
    """

    schema_version: int
    alert_id: str
    transition: Change
    sequence: int
    historical: bool
    monitor: str
    kind: str
    series: Series
    grade: Grade
    grade_name: str
    colour: str
    window: Window
    since: int
    duration_s: float
    actual: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    unit: str
    change: float | None
    direction: Literal["up", "down", ""]
    exposure: float | None
    score: float
    p: float
    evidence: tuple[str, ...]
    pipeline: Pipeline
    owner: str
    respond_within_s: int
    runbook_url: str
    action: str
    text: str
    acknowledged_by: str = ""
    state: str = ""


def to_record(alert: Alert, shop: str) -> tuple[bytes, bytes, Headers]:
    """Return key, value and headers of the record."""
    series = series_id(alert.metric, alert.entity)
    ce_id = f"{alert.alert_id}-{alert.sequence}"
    if alert.transition == "acknowledged":
        ce_id += "-acknowledged"  # it has the sequence of the transition it answers
    headers = cloud_event(CE_TYPE, ce_id, shop, alert.window_end_ms, series)
    return series.encode(), _ENCODER.encode(_wire(alert, series)), headers


def from_record(value: bytes) -> Alert:
    """Return the alert of a record's value. Raises AlertRefused."""
    try:
        wire = _DECODER.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AlertRefused(f"not an alert: {error}") from error
    if wire.schema_version != SCHEMA_VERSION:
        raise AlertRefused(f"alert of schema version {wire.schema_version}, have {SCHEMA_VERSION}")
    return _alert(wire)


def is_alert(headers: Iterable[tuple[str, bytes]]) -> bool:
    """Whether a record of the alert topic is an alert: progress and ticks lie beside them."""
    return all(value == CE_TYPE.encode() for name, value in headers if name == "ce_type")


def cloud_event(ce_type: str, ce_id: str, shop: str, time_ms: int, subject: str) -> Headers:
    """Return the headers of a CloudEvent in binary mode about the event time `time_ms`."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": ce_id,
        "ce_type": ce_type,
        "ce_source": f"/fenghuo/{quote(shop, safe='')}",
        "ce_time": rfc3339(time_ms),
        "ce_subject": subject,
        "content-type": "application/json",
    }
    return tuple((name, text.encode()) for name, text in attributes.items())


def rfc3339(time_ms: int) -> str:
    """Return `2024-03-01T14:05:00.000Z`."""
    at = datetime.fromtimestamp(time_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rounded(value: float | None) -> float | None:
    """Return the number with 6 significant digits; None for a number that JSON has no word for."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.6g}") + 0.0  # + 0.0: no negative zero


def _wire(alert: Alert, series: str) -> AlertRecord:
    return AlertRecord(
        schema_version=SCHEMA_VERSION,
        alert_id=alert.alert_id,
        transition=alert.transition,
        sequence=alert.sequence,
        historical=alert.historical,
        monitor=alert.monitor,
        kind=alert.kind,
        series=Series(id=series, metric=alert.metric, dimensions=dimensions_of(alert.entity)),
        grade=alert.grade,
        grade_name=GRADE_NAMES[alert.grade],
        colour=COLOURS[alert.grade],
        window=Window(start=alert.window_start_ms, end=alert.window_end_ms),
        since=alert.since_ms,
        duration_s=rounded(alert.duration_s) or 0.0,
        actual=rounded(alert.actual),
        expected=rounded(alert.expected),
        lower=rounded(alert.lower),
        upper=rounded(alert.upper),
        unit=alert.unit,
        change=rounded(alert.change),
        direction=alert.direction,
        exposure=rounded(alert.exposure),
        score=rounded(alert.score) or 0.0,
        p=rounded(math.exp(-max(alert.score, 0.0))) or 0.0,
        evidence=alert.evidence,
        pipeline=Pipeline(
            verdict=alert.verdict,
            lag_s=rounded(alert.lag_s),
            late_ratio=rounded(alert.late_ratio) or 0.0,
        ),
        owner=alert.owner,
        respond_within_s=alert.respond_within_s,
        runbook_url=alert.runbook_url,
        action=alert.action,
        text=alert.text,
        acknowledged_by=alert.acknowledged_by,
        state=alert.state,
    )


def _alert(wire: AlertRecord) -> Alert:
    metric, entity = split_series_id(wire.series.id)
    return Alert(
        alert_id=wire.alert_id,
        transition=wire.transition,
        sequence=wire.sequence,
        monitor=wire.monitor,
        kind=wire.kind,
        metric=metric,
        entity=entity,
        grade=wire.grade,
        window_start_ms=wire.window.start,
        window_end_ms=wire.window.end,
        since_ms=wire.since,
        actual=wire.actual,
        expected=wire.expected,
        lower=wire.lower,
        upper=wire.upper,
        score=wire.score,
        historical=wire.historical,
        exposure=wire.exposure,
        direction=wire.direction,
        unit=wire.unit,
        owner=wire.owner,
        respond_within_s=wire.respond_within_s,
        runbook_url=wire.runbook_url,
        action=wire.action,
        text=wire.text,
        acknowledged_by=wire.acknowledged_by,
        late_ratio=wire.pipeline.late_ratio,
        lag_s=wire.pipeline.lag_s,
        verdict=wire.pipeline.verdict,
        evidence=wire.evidence,
        state=wire.state,
    )


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(AlertRecord)
