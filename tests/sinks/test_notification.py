import msgspec
import pytest

from sinks.notification import LISTED_MAX, Notification, NotificationRefused, build, from_record, to_record
from tests.sinks.alerts import OPENED, alert


def a_notification(n: int = 1) -> Notification:
    alerts = [alert(entity=f"sku=s{at}") for at in range(n)]
    return build(
        "f" * 32,
        "escalated",
        2,
        alerts[0],
        alerts,
        grades=(3, 4),
        since_ms=OPENED.since_ms,
        title="orders in 3 skus",
        text="订单量下降",
    )


def test_a_notification_comes_back() -> None:
    _, value, _ = to_record(a_notification(), "demo")
    assert from_record(value) == a_notification()


def test_the_key_is_the_incident_and_the_event_id_is_the_idempotency_key() -> None:
    key, _, headers = to_record(a_notification(), "demo")
    assert key == b"f" * 32
    attributes = dict(headers)
    assert attributes["ce_id"] == b"f" * 32 + b"-2"
    assert attributes["ce_type"] == b"fenghuo.notification.v1"
    assert attributes["ce_subject"] == key


def test_a_long_incident_names_some_alerts_and_counts_all() -> None:
    notification = a_notification(LISTED_MAX + 30)
    assert (len(notification.alerts), notification.alerts_total) == (LISTED_MAX, LISTED_MAX + 30)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(b"{}", "not a notification", id="no fields"),
        pytest.param(b"\xff", "not a notification", id="not UTF-8"),
        pytest.param(b"[" * 100_000, "not a notification", id="nested deeply"),
        pytest.param(
            msgspec.json.encode(msgspec.structs.replace(a_notification(), schema_version=2)),
            "schema version 2, have 1",
            id="another version",
        ),
    ],
)
def test_what_is_no_notification_is_refused(value: bytes, message: str) -> None:
    with pytest.raises(NotificationRefused, match=message):
        from_record(value)
