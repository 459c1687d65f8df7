"""The casebook: open incidents, and what becomes of them when a window's alerts are decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from detectors.alert import Alert
from detectors.series import series_id
from sinks.headline import headline
from sinks.notification import Answer, Notification, Turn, build
from streams.notify.budget import Budget
from streams.notify.cause import Causes
from streams.notify.clock import Clock
from streams.notify.impact import Money
from streams.notify.incident import Incident, incident_id_of, is_closed, is_news, parts_of, rank
from streams.notify.phrase import Phrases
from streams.settings.model import Settings


@dataclass(slots=True)
class _Touch:
    """What one decision did to one incident."""

    incident: Incident
    closed: list[Alert] = field(default_factory=list)
    is_fresh: bool = False
    is_news: bool = False


class Casebook:
    """Open incidents. Bounded: a new one is of no kind that is open; each keeps at most ALERTS_MAX alerts.

    Raises ValueError if a monitor's text cannot be filled.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._causes = Causes(settings)
        self._clock = Clock(settings)
        self._money = Money(settings)
        self._phrases = Phrases(settings)
        self.budget = Budget(settings)
        self._home: dict[str, Incident] = {}  # by alert id
        self.incidents: dict[str, Incident] = {}
        self.ended: list[
            Alert
        ] = []  # open alerts that people knew of and that are no more; whoever reads clears
        self.given_up = 0  # alerts for which an incident had no room

    def load(self, incidents: Sequence[Incident]) -> None:
        """Take over open incidents from a snapshot."""
        self.incidents = {incident.id: incident for incident in incidents}
        for incident in incidents:
            if incident.is_told and not incident.first_owner:  # stored before there were clocks
                self._clock.told(incident, "opened", incident.ranked()[0])
        self._home = {alert_id: incident for incident in incidents for alert_id in incident.alerts}

    def decide(self, alerts: Sequence[Alert]) -> list[Notification]:
        """Take the alerts of one window, in any order, and return what has to be told."""
        touched: dict[str, _Touch] = {}
        strangers: dict[str, Alert] = {}
        for alert in sorted(alerts, key=_order):
            incident = self._home.get(alert.alert_id)
            if incident is None:
                strangers[alert.alert_id] = alert
            elif alert.sequence > incident.alerts[alert.alert_id].sequence:
                self._take(incident, alert, touched)
        self._place([alert for alert in strangers.values() if not is_closed(alert)], touched)
        ordered = sorted(touched.values(), key=lambda touch: _age(touch.incident))
        return [told for touch in ordered if (told := self._tell(touch)) is not None]

    def settle(self) -> list[Notification]:
        """Return what has not been told of incidents still open: the past has become the present."""
        unsaid = [incident for incident in self.incidents.values() if incident.grade != incident.told_grade]
        touches = [_Touch(incident, is_fresh=True) for incident in sorted(unsaid, key=_age)]
        return [told for touch in touches if (told := self._tell(touch)) is not None]

    def acknowledge(self, alert: Alert) -> list[Notification]:
        """Return the notification that somebody has taken over; nothing if people do not know of it."""
        incident = self._home.get(alert.alert_id)
        if incident is None or not incident.is_told:
            return []
        by = alert.acknowledged_by or incident.owner
        return (
            [self._notification(_Touch(incident), "acknowledged")]
            if self._clock.acknowledge(incident, by)
            else []
        )

    def tick(self, now_ms: int) -> list[Notification]:
        """Return what has to be told because nobody acknowledged it in time."""
        turns = [(each, self._clock.tick(each, now_ms)) for each in sorted(self.incidents.values(), key=_age)]
        return [self._notification(_Touch(each), turn) for each, turn in turns if turn is not None]

    def wants_tick(self, now_ms: int) -> bool:
        """Whether a tick would change anything."""
        return any(self._clock.wants_tick(incident, now_ms) for incident in self.incidents.values())

    def unacknowledged(self) -> dict[int, int]:
        """Return how many incidents people know of and nobody has taken over, by grade 1 to 4."""
        counts = dict.fromkeys(range(1, 5), 0)
        for incident in self.incidents.values():
            if incident.is_told and incident.grade and not incident.acknowledged_by:
                counts[incident.grade] += 1
        return counts

    def told_alerts(self) -> Iterator[Alert]:
        """Yield the open alerts of incidents that people know of."""
        for incident in self.incidents.values():
            if incident.is_told:
                yield from incident.alerts.values()

    def _place(self, opening: Sequence[Alert], touched: dict[str, _Touch]) -> None:
        for group in self._causes.gather(opening):
            incident = self._incident_for(group)
            known = parts_of(incident.alerts.values())
            touch = touched.setdefault(incident.id, _Touch(incident))
            touch.is_news |= any(is_news(alert, known) for alert in group)
            for alert in group:
                self._take(incident, alert, touched)

    def _incident_for(self, group: Sequence[Alert]) -> Incident:
        keys = {key for alert in group for key in self._causes.keys(alert)}
        began_ms = min(alert.since_ms for alert in group)
        related = [known for known in self.incidents.values() if known.is_cause_of(keys, began_ms)]
        if related:
            incident = min(related, key=_age)
            incident.keys = sorted({*incident.keys, *keys})
            return incident
        lead = rank(list(group))[0]
        opened_ms = min(alert.window_end_ms for alert in group)
        incident_id = incident_id_of(self._settings.shop, lead)
        owed = self.budget.owed(opened_ms)
        incident = Incident(
            id=incident_id, opened_ms=opened_ms, since_ms=began_ms, keys=sorted(keys), owed=owed
        )
        self.incidents[incident.id] = incident
        return incident

    def _take(self, incident: Incident, alert: Alert, touched: dict[str, _Touch]) -> None:
        touch = touched.setdefault(incident.id, _Touch(incident))
        touch.is_fresh |= not alert.historical
        self._home[alert.alert_id] = incident
        incident.take(self.budget.weighed(alert, incident.owed))
        if is_closed(alert):
            touch.closed.append(alert)
            self._leave(incident, alert)

    def _leave(self, incident: Incident, alert: Alert) -> None:
        del self._home[alert.alert_id]
        if incident.is_told:
            self.ended.append(alert)

    def _tell(self, touch: _Touch) -> Notification | None:
        incident = touch.incident
        for alert in incident.trim():
            self.given_up += 1
            self._leave(incident, alert)
        turn = incident.turn(is_news=touch.is_news)
        told = None
        if turn is not None and (touch.is_fresh or turn == "resolved"):
            told = self._notification(touch, turn)
        if not incident.alerts:
            del self.incidents[incident.id]
        return told

    def _notification(self, touch: _Touch, turn: Turn) -> Notification:
        incident = touch.incident
        alerts = incident.ranked() or rank(touch.closed)
        lead = _lead(incident, alerts) if turn == "resolved" else alerts[0]
        self.budget.spend(list(incident.alerts.values()), incident.peak_grade)
        incident.told_grade, incident.lead_id = incident.grade, lead.alert_id
        incident.peak_grade = max(incident.peak_grade, incident.grade)
        before = incident.owner
        self._clock.told(incident, turn, lead)
        title = headline(lead, alerts, self._settings.locale)
        notification = build(
            incident.id,
            turn,
            incident.sequence,
            lead,
            alerts,
            grades=(incident.grade, incident.peak_grade),
            since_ms=incident.since_ms,
            title=title,
            text=self._phrases.text(lead, turn, title if len(alerts) > 1 else "", incident, before),
            answer=Answer(
                incident.owner,
                tuple(incident.owners),
                incident.respond_ms // 1000,
                incident.acknowledged_by,
            ),
            impact=None if turn == "resolved" else self._money.impact(alerts),
        )
        incident.sequence += 1
        return notification


def _lead(incident: Incident, closed: list[Alert]) -> Alert:
    return next((alert for alert in closed if alert.alert_id == incident.lead_id), closed[0])


def _order(alert: Alert) -> tuple[int, str, str, int]:
    return alert.window_end_ms, alert.monitor, series_id(alert.metric, alert.entity), alert.sequence


def _age(incident: Incident) -> tuple[int, str]:
    return incident.opened_ms, incident.id
