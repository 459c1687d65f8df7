"""Which alerts of one window have one cause: what they share, read off the settings.

Two alerts belong together if they share a key. An alert's keys are its kind (what goes wrong) and, with its
direction, the events it is measured on: orders, revenue and conversion all count created orders, so they fall
together, shop-wide and in every part.
"""

from collections.abc import Sequence

from detectors.alert import Alert
from streams.plan import aggregate_of, base_metrics
from streams.settings.model import Settings


class Causes:
    """The keys of alerts under some settings."""

    def __init__(self, settings: Settings) -> None:
        self._family = {monitor.name: _family(settings, monitor.metric) for monitor in settings.monitors}

    def keys(self, alert: Alert) -> tuple[str, ...]:
        """Return what the alert may share with others; a fault of the pipeline is only like itself."""
        if alert.verdict == "pipeline":
            return (f"pipeline/{alert.monitor}",)
        own = f"monitor/{alert.monitor}" if alert.kind == "other" else f"kind/{alert.kind}"
        family = self._family.get(alert.monitor)
        return (own,) if family is None else (own, f"{family}/{alert.direction}")

    def gather(self, alerts: Sequence[Alert]) -> list[list[Alert]]:
        """Return the alerts in groups connected by shared keys; order as given, of groups and within them."""
        groups: list[tuple[set[str], list[int]]] = []
        for at, alert in enumerate(alerts):
            keys, members = set(self.keys(alert)), [at]
            apart = []
            for group in groups:
                if keys.isdisjoint(group[0]):
                    apart.append(group)
                else:
                    keys |= group[0]
                    members += group[1]
            groups = [*apart, (keys, members)]
        ordered = sorted(sorted(members) for _, members in groups)
        return [[alerts[at] for at in members] for members in ordered]


def _family(settings: Settings, name: str) -> str:
    metric = settings.metrics[base_metrics(settings, name)[0]]
    aggregate, field = aggregate_of(metric)
    where = [f"{key}={_values(metric.where[key])}" for key in sorted(metric.where)]
    level = field if aggregate == "last" else ""  # a price or a stock level is not a volume
    return "/".join((str(metric.event), ",".join(where), level))


def _values(wanted: object) -> str:
    return "|".join(sorted(map(str, wanted))) if isinstance(wanted, list) else str(wanted)
