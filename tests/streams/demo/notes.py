"""Notifications for tests of the demo."""

from sinks.notification import Member, Notification, Window

MINUTE_MS = 60_000


def note(
    start_min: int,
    end_min: int,
    *series: tuple[str, str],
    grade: int = 3,
    incident: str = "i1",
    text: str = "Orders are breaking off.",
) -> Notification:
    """Return a notification of a window (minutes after 1970) naming alerts of (monitor, series)."""
    window = Window(start=start_min * MINUTE_MS, end=end_min * MINUTE_MS)
    names = ("", "IV", "III", "II", "I")
    return Notification(
        schema_version=1,
        idempotency_key=f"{incident}-0",
        incident_id=incident,
        transition="resolved" if grade == 0 else "opened",
        sequence=0,
        verdict="business",
        grade=grade,
        grade_name=names[grade],
        colour="",
        peak_grade=grade or 1,
        kind="order_volume",
        title="",
        text=text,
        owner="operations",
        respond_within_s=600,
        runbook_url="",
        action="",
        window=window,
        since=window.start,
        alerts_total=len(series),
        alerts=tuple(Member(alert_id="a", monitor=m, series=s, grade=grade) for m, s in series),
    )
