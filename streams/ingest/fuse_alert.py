"""The alert of a fuse: says that a partition is not read any more, why, and how to go on."""

from detectors.alert import Alert, Change, alert_id_of
from detectors.series import entity_of, series_id
from sinks.alert_record import to_record
from streams.ingest.fuse import Blow
from streams.machine import Output
from streams.settings.model import Settings

MONITOR = "pipeline.fuse"
METRIC = "reject_ratio"
GRADE = 2  # yellow: data is missing, the shop may be well

_TEXT = {
    (
        "en",
        "opened",
    ): "{topic}/{partition} is not read any more: {ratio:.0%} of its last {volume} records were "
    "rejected. See why with `fenghuo dlq list {topic}`, then go on with `fenghuo dlq reset-fuse {topic}`.",
    ("en", "resolved"): "{topic}/{partition} is read again.",
    ("zh-CN", "opened"): "{topic}/{partition} 已停止读取：最近 {volume} 条记录中有 {ratio:.0%} 被拒收。"
    "原因见 `fenghuo dlq list {topic}`，处理后用 `fenghuo dlq reset-fuse {topic}` 继续。",
    ("zh-CN", "resolved"): "{topic}/{partition} 已恢复读取。",
}


def fuse_alert(
    settings: Settings, topic: str, partition: int, blow: Blow, *, transition: Change, record_ms: int
) -> Output:
    """Return the record of the alert; `record_ms`: timestamp of the record that opened or resolved it."""
    entity = entity_of((("topic", topic), ("partition", str(partition))))
    opened = transition == "opened"
    text = _TEXT[settings.locale, transition].format(
        topic=topic, partition=partition, ratio=blow.ratio, volume=settings.fuse.volume
    )
    alert = Alert(
        alert_id=alert_id_of(settings.shop, MONITOR, series_id(METRIC, entity), blow.record_ms),
        transition=transition,
        sequence=0 if opened else 1,
        monitor=MONITOR,
        kind="pipeline",
        metric=METRIC,
        entity=entity,
        grade=GRADE if opened else 0,
        window_start_ms=blow.record_ms,
        window_end_ms=record_ms,
        since_ms=blow.record_ms,
        actual=blow.ratio if opened else None,
        expected=None,
        lower=None,
        upper=settings.fuse.ratio,
        score=0.0,
        direction="up",
        owner="operations",
        respond_within_s=1_800,
        text=text,
        verdict="pipeline",
    )
    key, value, headers = to_record(alert, settings.shop)
    return Output(settings.topics.alert, key, value, headers)
