"""The budget: how much people have been told, against how much they want to be told."""

import math
from dataclasses import replace
from typing import Literal, NamedTuple

from detectors.alert import Alert
from detectors.grading import CUTS
from detectors.registry import speaks_at_once
from streams.settings.kind import series_kind
from streams.settings.model import Settings

Class = Literal["page", "warning"]  # grades II and I; grade III. Grade IV is a list, and free
CLASSES: dict[int, Class] = {4: "page", 3: "page", 2: "warning"}
WORST = 4  # grade I: never lowered, never counted
DAYS = 7  # over which is looked back
OWED_MAX = 3.0  # nats: about what lies between two grades, so that nothing falls by more than one
DAY_MS = 86_400_000

Spent = dict[Class, dict[int, int]]  # incidents by day of event time (days since 1970)


class Owed(NamedTuple):
    """Nats beyond the cut of its grade that an alert must show to be told at it."""

    page: float = 0.0
    warning: float = 0.0


class Budget:
    """Told incidents of the last seven days by class, and what new ones owe because of them.

    Over the target by a factor k, a new incident must show ln k nats more than its grade asks, at most 3, or
    it is told one grade lower; never not at all. What is right in an hour of many troubles stays as it is:
    their evidence is far beyond the cuts, and one day's worth is a seventh of what is looked at. Grade I,
    bounds and silences, which people have set, and faults of the pipeline are neither lowered nor counted.
    """

    def __init__(self, settings: Settings) -> None:
        """Start with nothing spent."""
        self._targets: dict[Class, float | None] = {
            "page": settings.budget.pages_a_day,
            "warning": settings.budget.warnings_a_day,
        }
        self._cuts = {
            monitor.name: monitor.grades or CUTS[series_kind(settings, monitor.metric)]
            for monitor in settings.monitors
            if not speaks_at_once(monitor.detector)
        }
        self.spent: Spent = {"page": {}, "warning": {}}
        self.lowered = 0

    def owed(self, now_ms: int) -> Owed:
        """Return what an incident that begins now owes."""
        return Owed(page=self._owed("page", now_ms), warning=self._owed("warning", now_ms))

    def weighed(self, alert: Alert, owed: Owed) -> Alert:
        """Return the alert as it is told: at its grade, or one grade lower."""
        kind = CLASSES.get(alert.grade)
        if kind is None or not self._is_subject(alert):
            return alert
        nats = owed.page if kind == "page" else owed.warning
        if not nats or alert.score >= self._cuts[alert.monitor][alert.grade - 1] + nats:
            return alert
        self.lowered += alert.transition in {"opened", "escalated"}
        return replace(alert, grade=alert.grade - 1)

    def spend(self, alerts: list[Alert], before: int) -> None:
        """Note that people hear of an incident with these open alerts; `before`: its worst grade so far."""
        worst = max((alert.grade for alert in alerts), default=0)
        kind = CLASSES.get(worst)
        if kind is None or kind == CLASSES.get(before) or before > worst:
            return
        if not all(self._is_subject(alert) for alert in alerts if alert.grade == worst):
            return
        day = max(alert.window_end_ms for alert in alerts) // DAY_MS
        spent = self.spent[kind]
        spent[day] = spent.get(day, 0) + 1
        self.spent[kind] = {day: spent[day] for day in sorted(spent)[-DAYS:]}

    def a_day(self, kind: Class, now_ms: int) -> float:
        """Return how many incidents a day people were told of in the last seven days."""
        today = now_ms // DAY_MS
        return sum(n for day, n in self.spent[kind].items() if today - DAYS < day <= today) / DAYS

    def _owed(self, kind: Class, now_ms: int) -> float:
        target = self._targets[kind]
        over = 0.0 if target is None else self.a_day(kind, now_ms) / target
        return min(math.log(over), OWED_MAX) if over > 1 else 0.0

    def _is_subject(self, alert: Alert) -> bool:
        return alert.grade < WORST and alert.verdict == "business" and alert.monitor in self._cuts
