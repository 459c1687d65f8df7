"""Notifications to test with."""

from typing import Any

import msgspec

from detectors.alert import COLOURS, GRADE_NAMES
from sinks.notification import Impact, Notification, build
from tests.sinks.alerts import OPENED, alert

INCIDENT = "89abcdef" * 4
OPEN = build(
    INCIDENT,
    "opened",
    0,
    alert(owner="payments"),
    [alert(), alert(entity="region=west", grade=2, alert_id="f" * 32)],
    grades=(3, 3),
    since_ms=OPENED.since_ms,
    title="orders in 2 regions",
    text="Orders in region east: 63 % below what is usual at this time.",
    impact=Impact(amount=12_345.6, per_minute=490.0, currency="CNY"),
)


def notification(number: int = 0, **changes: Any) -> Notification:
    """Return OPEN with other values; another incident for every number."""
    grade = changes.get("grade", OPEN.grade)
    incident = INCIDENT if not number else f"{number:032x}"
    changed = {
        "incident_id": incident,
        "idempotency_key": f"{incident}-{changes.get('sequence', 0)}",
        "grade_name": GRADE_NAMES[grade],
        "colour": COLOURS[grade],
        "peak_grade": max(grade, changes.get("peak_grade", grade)),
        **changes,
    }
    return msgspec.structs.replace(OPEN, **changed)
