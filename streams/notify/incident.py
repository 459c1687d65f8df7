"""An incident: alerts with one cause, and what has been told of it."""

import hashlib
from collections.abc import Iterable, Set
from itertools import chain, combinations

import msgspec

from detectors.alert import Alert
from detectors.series import OTHER, dimensions_of, series_id
from sinks.notification import Turn
from streams.notify.budget import Owed
from streams.notify.cause import is_own

ALERTS_MAX = 2_000  # open alerts kept per incident; beyond, the mildest are given up
RELATED_WITHIN_MS = 1_800_000  # trouble with the same events that begins later than this is another trouble
NEWS_GRADE = 3  # from this grade on, an alert that joins is worth telling by itself

Part = frozenset[tuple[str, str]]  # dimensions; empty: the whole shop


class Incident(msgspec.Struct):
    """State of one incident.

    keys        what its alerts share (see streams/notify/cause.py)
    alerts      its open alerts by id
    told_grade  grade last told; 0: nothing told yet
    lead_id     the alert it was told by last
    sequence    of the next notification

    first_owner, passed_on  whose chain of owners it follows, and how often it went on
    owner, owners           who has it, and all who were told
    respond_ms, clock_ms    the time to acknowledge it, and since which tick it runs (epoch ms); None: not yet
    acknowledged_by         who has taken it over, at which grade; empty: nobody
    owed                    nats that its alerts must show beyond their grades (see streams/notify/budget.py)
    """

    id: str
    opened_ms: int
    since_ms: int
    keys: list[str]
    alerts: dict[str, Alert] = {}
    told_grade: int = 0
    peak_grade: int = 0
    lead_id: str = ""
    sequence: int = 0
    first_owner: str = ""
    passed_on: int = 0
    owner: str = ""
    owners: list[str] = []
    respond_ms: int = 0
    clock_ms: int | None = None
    acknowledged_by: str = ""
    acknowledged_grade: int = 0
    owed: Owed = Owed()

    @property
    def grade(self) -> int:
        """Worst grade of its open alerts; 0 when none is left."""
        return max((alert.grade for alert in self.alerts.values()), default=0)

    @property
    def is_told(self) -> bool:
        """Whether people know of it."""
        return self.told_grade > 0

    def is_cause_of(self, keys: Set[str], began_ms: int) -> bool:
        """Whether alerts with these keys, begun then, join it: of its kind, or of its events and time."""
        shared = keys & set(self.keys)
        return any(map(is_own, shared)) or (bool(shared) and began_ms <= self.opened_ms + RELATED_WITHIN_MS)

    def take(self, alert: Alert) -> None:
        """Take over an alert's new state."""
        self.since_ms = min(self.since_ms, alert.since_ms)
        if is_closed(alert):
            self.alerts.pop(alert.alert_id, None)
        else:
            self.alerts[alert.alert_id] = alert

    def trim(self) -> list[Alert]:
        """Give up what is beyond ALERTS_MAX, the mildest first, and return it."""
        if len(self.alerts) <= ALERTS_MAX:
            return []
        given_up = self.ranked()[ALERTS_MAX:]
        for alert in given_up:
            del self.alerts[alert.alert_id]
        return given_up

    def ranked(self) -> list[Alert]:
        """Return its open alerts, the one that leads first."""
        return rank(list(self.alerts.values()))

    def turn(self, *, is_news: bool) -> Turn | None:
        """Return how it differs from what was told; None: nothing to tell."""
        grade, told = self.grade, self.told_grade
        if grade == told:
            return "updated" if is_news and grade else None
        if told == 0:
            return "opened"
        if grade == 0:
            return "resolved"
        return "escalated" if grade > told else "downgraded"


def is_closed(alert: Alert) -> bool:
    """Whether the transition ends the alert: resolved, or withdrawn by a restatement."""
    return alert.transition == "resolved" or alert.grade == 0


def rank(alerts: list[Alert]) -> list[Alert]:
    """Return the alerts by grade, then the most shop-wide, then the strangest."""
    return sorted(alerts, key=_weight)


def parts_of(alerts: Iterable[Alert]) -> set[Part]:
    """Return the parts of the shop that the alerts are about."""
    return {frozenset(_items(alert)) for alert in alerts}


def is_news(joined: Alert, known: Set[Part]) -> bool:
    """Whether an alert that joins tells more than those about known parts: a wider or another, bad part."""
    if joined.entity and joined.grade < NEWS_GRADE:
        return False
    items = _items(joined)
    wider = chain.from_iterable(combinations(items, n) for n in range(len(items) + 1))
    return not any(frozenset(part) in known for part in wider)


def incident_id_of(shop: str, lead: Alert) -> str:
    """Return the id of the incident that `lead` opens: the same on every replay."""
    text = "\x1f".join((shop, "incident", lead.alert_id, str(lead.sequence)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _items(alert: Alert) -> list[tuple[str, str]]:
    return [("", OTHER)] if alert.entity == OTHER else list(dimensions_of(alert.entity).items())


def _weight(alert: Alert) -> tuple[int, int, float, str, str]:
    dimensions = 0 if not alert.entity else max(1, len(dimensions_of(alert.entity)))
    return -alert.grade, dimensions, -alert.score, alert.monitor, series_id(alert.metric, alert.entity)
