"""The response clock: how long an owner has to acknowledge an incident, and who is told next.

It knows no time but that of ticks, which are records of the log: `now_ms` below is always a tick's.
"""

from detectors.alert import Alert
from sinks.notification import Turn
from streams.notify.incident import Incident
from streams.settings.model import GRADES, Settings

_BEGINS: frozenset[Turn] = frozenset({"opened", "escalated"})  # people have the whole time anew


class Clock:
    """The policy, and what it does to an incident. In a replay nobody answers: there it does not run."""

    def __init__(self, settings: Settings) -> None:
        self._response = settings.response
        self._is_replay = settings.time.replay

    def told(self, incident: Incident, turn: Turn, lead: Alert) -> None:
        """Note that people hear of the incident: who has it, and when the clock begins."""
        if incident.grade > incident.acknowledged_grade:
            incident.acknowledged_by = ""
        if not incident.passed_on and turn != "resolved":
            incident.first_owner = lead.owner
        owners = self._owners(incident)
        incident.owner = owners[min(incident.passed_on, len(owners) - 1)]
        if incident.owner not in incident.owners:
            incident.owners.append(incident.owner)
        incident.respond_ms = self._respond_ms(incident, lead)
        if turn in _BEGINS:
            incident.clock_ms = None

    def acknowledge(self, incident: Incident, by: str) -> bool:
        """Note who has taken over; False if that was known."""
        if incident.acknowledged_by == by:
            return False
        incident.acknowledged_by, incident.acknowledged_grade = by, incident.grade
        return True

    def tick(self, incident: Incident, now_ms: int) -> Turn | None:
        """Begin the clock, or return what people hear because it ran out."""
        if not self._runs(incident):
            return None
        if incident.clock_ms is None:
            incident.clock_ms = now_ms
            return None
        if now_ms < self._due_ms(incident, incident.clock_ms):
            return None
        incident.clock_ms = now_ms
        if not self._has_next(incident):
            return "reminded"
        incident.passed_on += 1
        return "overdue"

    def wants_tick(self, incident: Incident, now_ms: int) -> bool:
        """Whether a tick at `now_ms` (of the wall clock) would change anything."""
        if not self._runs(incident):
            return False
        return incident.clock_ms is None or now_ms >= self._due_ms(incident, incident.clock_ms)

    def _runs(self, incident: Incident) -> bool:
        if self._is_replay or not incident.is_told or not incident.grade or incident.acknowledged_by:
            return False
        return self._has_next(incident) or self._remind_ms(incident) is not None

    def _due_ms(self, incident: Incident, clock_ms: int) -> int:
        remind_ms = None if self._has_next(incident) else self._remind_ms(incident)
        return clock_ms + (incident.respond_ms if remind_ms is None else remind_ms)

    def _has_next(self, incident: Incident) -> bool:
        return incident.passed_on + 1 < len(self._owners(incident))

    def _owners(self, incident: Incident) -> list[str]:
        chain = self._response.chains.get(incident.first_owner)
        return [incident.first_owner, *(chain.then if chain else ())]

    def _respond_ms(self, incident: Incident, lead: Alert) -> int:
        if not incident.grade:
            return 0
        chain = self._response.chains.get(incident.first_owner)
        own_ms = chain.within.get(GRADES[incident.grade - 1]) if chain else None
        return own_ms or lead.respond_within_s * 1000 or self._response.within_ms(incident.grade)

    def _remind_ms(self, incident: Incident) -> int | None:
        return self._response.remind_every.get(GRADES[incident.grade - 1])
