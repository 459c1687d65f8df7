"""An alert to test with."""

from dataclasses import replace
from typing import Any

from detectors.alert import Alert

OPENED = Alert(
    alert_id="0123456789abcdef0123456789abcdef",
    transition="opened",
    sequence=0,
    monitor="orders",
    kind="order_volume",
    metric="orders",
    entity="region=east",
    grade=3,
    window_start_ms=1_709_273_100_000,  # 2024-03-01 14:05 in Shanghai
    window_end_ms=1_709_273_400_000,
    since_ms=1_709_273_100_000,
    actual=38.0,
    expected=101.3456789,
    lower=80.0,
    upper=124.0,
    score=13.3,
    direction="down",
    owner="operations",
    respond_within_s=1800,
    runbook_url="docs/runbooks/orders.md",
    action="Look at the checkout first.",
    text="Orders in region east: 62 % below what is usual at this time.",
    evidence=("seasonal: 13.3 nats down",),
    state="ready",
)


def alert(**changes: Any) -> Alert:
    """Return OPENED with other values."""
    return replace(OPENED, **changes)
