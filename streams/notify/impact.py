"""What an incident costs, where the shop's own sums tell."""

from collections.abc import Sequence

from detectors.alert import Alert
from detectors.series import dimensions_of
from sinks.alert_record import rounded
from sinks.notification import Impact
from streams.settings.model import Metric, Settings

MINUTE_MS = 60_000
_EARNED = frozenset({"created", "paid"})  # types of order events whose amounts the shop earns


class Money:
    """Knows which monitors watch earned money, and in which currency."""

    def __init__(self, settings: Settings) -> None:
        base = settings.currency.base if settings.currency else ""
        self._currency = {
            monitor.name: metric.unit or base
            for monitor in settings.monitors
            if (metric := settings.metrics.get(monitor.metric)) is not None and _is_earned(metric)
        }

    def impact(self, alerts: Sequence[Alert]) -> Impact | None:
        """Return the cost told by the alert that takes most of the shop in; None where none is about money.

        The last window's lack is taken for that of every minute since the alert's first window: an estimate.
        """
        known = [alert for alert in alerts if alert.monitor in self._currency and _lack(alert) is not None]
        if not known:
            return None
        widest = min(known, key=lambda alert: (len(dimensions_of(alert.entity)), -abs(_lack(alert) or 0.0)))
        minutes = (widest.window_end_ms - widest.window_start_ms) / MINUTE_MS
        per_minute = (_lack(widest) or 0.0) / minutes
        return Impact(
            amount=rounded(per_minute * widest.duration_s / 60) or 0.0,
            per_minute=rounded(per_minute) or 0.0,
            currency=self._currency[widest.monitor],
        )


def _lack(alert: Alert) -> float | None:
    if alert.actual is None or alert.expected is None or alert.window_end_ms <= alert.window_start_ms:
        return None
    return alert.expected - alert.actual


def _is_earned(metric: Metric) -> bool:
    types = metric.where.get("type", [])
    named = {str(kind) for kind in (types if isinstance(types, list) else [types])}
    return metric.event == "order" and metric.sum == "amount" and bool(named) and named <= _EARNED
