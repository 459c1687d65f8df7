"""Episodes: the alert topic's transitions folded to one entry an alert, for people who look at a list."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from detectors.alert import GRADE_NAMES, Alert
from detectors.series import series_id
from streams.drift import Drifted

RECENT_MS = 86_400_000
HEADER = f"{'GRADE':5} {'STATE':12} {'SINCE':16} {'LASTED':>7}  {'ACTUAL':>11} {'EXPECTED':>11}  SERIES"


class Episode(NamedTuple):
    """An alert as it stands: its newest transition, that record's value, and its worst grade so far."""

    alert: Alert
    value: bytes
    worst: int

    @property
    def is_open(self) -> bool:
        """Tell whether it still is at grade >= 1."""
        return self.alert.transition != "resolved" and self.alert.grade > 0


def fold(records: Iterable[tuple[Alert, bytes]]) -> list[Episode]:
    """Return one episode an alert id; records in the order of the log."""
    episodes: dict[str, Episode] = {}
    for alert, value in records:
        before = episodes.get(alert.alert_id)
        worst = max(alert.grade, 0 if before is None else before.worst)
        episodes[alert.alert_id] = Episode(alert, value, worst)
    return list(episodes.values())


def choose(episodes: Iterable[Episode], grade: int, *, everything: bool) -> list[Episode]:
    """Return those at `grade` or worse in their worst moment: open ones first, worst first, newest first.

    everything: False leaves out what was resolved more than a day (event time) before the newest window.
    """
    listed = list(episodes)
    newest_ms = max((episode.alert.window_end_ms for episode in listed), default=0)
    kept = [
        episode
        for episode in listed
        if episode.worst >= grade
        and (everything or episode.is_open or newest_ms - episode.alert.window_end_ms <= RECENT_MS)
    ]
    return sorted(kept, key=lambda one: (not one.is_open, -_shown_grade(one), -one.alert.since_ms))


def to_row(episode: Episode, zone: ZoneInfo) -> str:
    """Return the episode as a line below HEADER, followed by its sentence. Times in the zone."""
    alert = episode.alert
    since = datetime.fromtimestamp(alert.since_ms / 1000, zone)
    past = " historical" if alert.historical else ""
    state = "open" if episode.is_open and alert.transition != "acknowledged" else alert.transition
    line = (
        f"{GRADE_NAMES[_shown_grade(episode)]:5} {state:12} {since:%Y-%m-%d %H:%M} "
        f"{_lasted(alert.duration_s):>7}  {_number(alert.actual):>11} {_number(alert.expected):>11}  "
        f"{series_id(alert.metric, alert.entity)} ({alert.monitor}){past}"
    )
    return f"{line}\n      {alert.text}" if alert.text else line


def drift_row(drifted: Drifted, zone: ZoneInfo) -> str:
    """Return a drift as a line."""
    seen = datetime.fromtimestamp(drifted.end / 1000, zone)
    by = "+".join(drifted.by) or "whole shop"
    way = "stranger" if drifted.after > drifted.before else "calmer"
    return (
        f"{seen:%Y-%m-%d %H:%M}  {drifted.monitor} by {by} in windows of {_lasted(drifted.window / 1000)}: "
        f"{way}, {_number(drifted.before)} -> {_number(drifted.after)} nats on average"
    )


def _shown_grade(episode: Episode) -> int:
    return episode.alert.grade if episode.is_open else episode.worst


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.6g}"


def _lasted(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}m"
    if minutes < 48 * 60:
        return f"{minutes // 60}h{minutes % 60:02}m"
    return f"{minutes // 1440}d{minutes % 1440 // 60:02}h"
