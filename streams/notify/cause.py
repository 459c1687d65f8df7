"""Which alerts have one cause: what they share, read off the settings.

Two alerts of one window belong together if they share a key. An alert's keys are its kind (what goes wrong)
and, with its direction, the events it is measured on: orders, revenue and conversion all count created
orders, so they fall together, shop-wide and in every part; a silent feed takes everything with it.
"""

from collections.abc import Iterator, Sequence

from detectors.alert import Alert
from streams.plan import aggregate_of, base_metrics
from streams.settings.model import Metric, Settings

_EVENTS = "events/"


class Causes:
    """The keys of alerts under some settings."""

    def __init__(self, settings: Settings) -> None:
        self._events = {
            monitor.name: sorted(set(_events(settings, monitor.metric))) for monitor in settings.monitors
        }

    def keys(self, alert: Alert) -> list[str]:
        """Return what the alert may share with others; a fault of the pipeline is only like itself."""
        if alert.verdict == "pipeline":
            return [f"pipeline/{alert.monitor}"]
        own = f"monitor/{alert.monitor}" if alert.kind == "other" else f"kind/{alert.kind}"
        return [own, *(f"{events}/{alert.direction}" for events in self._events.get(alert.monitor, ()))]

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


def is_own(key: str) -> bool:
    """Whether a key says what goes wrong, rather than which events it is measured on."""
    return not key.startswith(_EVENTS)


def _events(settings: Settings, name: str) -> Iterator[str]:
    """Yield one key per type of event counted: all that occur, if the metric takes them all.

    A vector counts what its parts count, so that it joins the incident of any of them.
    """
    metric = settings.metrics[name]
    if metric.vector is not None:
        for part in metric.vector:
            yield from _events(settings, part)
        return
    metric = settings.metrics[base_metrics(settings, name)[0]]
    aggregate, field = aggregate_of(metric)
    level = field if aggregate == "last" else ""  # a price or a stock level is not a volume
    every = {
        kind for other in settings.metrics.values() if other.event == metric.event for kind in _types(other)
    }
    for kind in _types(metric) or every or {""}:
        yield f"{_EVENTS}{metric.event}/{kind}/{level}"


def _types(metric: Metric) -> set[str]:
    wanted = metric.where.get("type", [])
    return {str(kind) for kind in (wanted if isinstance(wanted, list) else [wanted])}
