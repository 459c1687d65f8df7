"""Reach: which of the windows that an event belongs to can still take it."""

from typing import Literal

from streams.detect.cursor import KEPT_WINDOWS
from streams.detect.window import AUTO_LEVELS_MS, Windows
from streams.detect.zone import Zone
from streams.plan import base_metrics
from streams.settings.duration import parse_ms
from streams.settings.model import EventKind, Monitor, Settings

Extent = Literal["all", "some", "none"]


class Reach:
    """The windows of the enabled monitors that events of a kind are counted in.

    A window takes an event while it is open, and after that as long as it can be restated.
    """

    def __init__(self, settings: Settings, kind: EventKind) -> None:
        zone = Zone(settings.time.timezone)
        found = {
            Windows(length, hop, zone)
            for monitor in settings.monitors
            if monitor.enabled and _reads(settings, monitor, kind)
            for length, hop in _lengths(monitor)
        }
        self.windows = sorted(found, key=lambda one: (one.length_ms, one.hop_ms))
        self._restate_within_ms = settings.time.restate_within_ms

    def extent(self, event_ms: int, passed_ms: int) -> Extent:
        """Return how many of its windows take an event when event time has passed `passed_ms`."""
        taking = [self._takes(windows, event_ms, passed_ms) for windows in self.windows]
        if all(taking):
            return "all"
        return "some" if any(taking) else "none"

    def _takes(self, windows: Windows, event_ms: int, passed_ms: int) -> bool:
        end_ms = windows.next_bucket(windows.bucket_of(event_ms))
        if end_ms > passed_ms:
            return True
        kept = end_ms > passed_ms - KEPT_WINDOWS * windows.hop_ms
        return kept and end_ms >= passed_ms - self._restate_within_ms


def _reads(settings: Settings, monitor: Monitor, kind: EventKind) -> bool:
    return any(settings.metrics[name].event == kind for name in base_metrics(settings, monitor.metric))


def _lengths(monitor: Monitor) -> list[tuple[int, int]]:
    if monitor.window == "auto":
        return [(length, length) for length in AUTO_LEVELS_MS]
    length = parse_ms(monitor.window)
    return [(length, length if monitor.hop is None else parse_ms(monitor.hop))]
