"""A level: one window size of a monitor, and the rule by which it is judged there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from detectors.grading import CUTS
from detectors.rule import Rule
from streams.detect.window import AUTO_LEVELS_MS, AUTO_VOLUME, Windows
from streams.detect.zone import Zone
from streams.settings.duration import parse_ms
from streams.settings.kind import series_kind
from streams.settings.model import Monitor, Settings


class Level(NamedTuple):
    """A monitor in one window size. `quiet` is the rule of its lenders: judged likewise, and never told."""

    monitor: Monitor
    windows: Windows
    rule: Rule

    @property
    def quiet(self) -> Rule:
        """The rule of those that lend: they are judged as they would be and never say so."""
        return replace(self.rule, grade_max=0)


def levels_of(settings: Settings, monitor: Monitor, zone: Zone) -> Iterator[Level]:
    """Yield one level for a fixed window; for `auto`, each speaks where its mean volume is enough."""
    if monitor.window != "auto":
        length = parse_ms(monitor.window)
        hop = length if monitor.hop is None else parse_ms(monitor.hop)
        yield Level(monitor, Windows(length, hop, zone), _rule(settings, monitor, 0.0, float("inf")))
        return
    for i, length in enumerate(AUTO_LEVELS_MS):
        finer = AUTO_LEVELS_MS[i - 1] if i else None
        last = i == len(AUTO_LEVELS_MS) - 1
        volume_to = AUTO_VOLUME * length / finer if finer else float("inf")
        rule = _rule(settings, monitor, 0.0 if last else AUTO_VOLUME, volume_to)
        yield Level(monitor, Windows(length, length, zone), rule)


def _rule(settings: Settings, monitor: Monitor, volume_from: float, volume_to: float) -> Rule:
    kind = series_kind(settings, monitor.metric)
    return Rule(
        monitor=monitor.name,
        cuts=monitor.grades or CUTS[kind],
        direction=monitor.direction,
        relative_min=monitor.min_change.relative,
        absolute_min=monitor.min_change.absolute,
        volume_min=monitor.min_expected,
        grade_max=monitor.grade_max,
        persistence=monitor.persistence,
        resolve_after=monitor.resolve_after,
        volume_from=volume_from,
        volume_to=volume_to,
    )
