"""Direct push: open alerts to every Alertmanager, seconds before a scrape and a rule would tell it.

Labels are those of the rules, so that an alert which comes both ways is one alert. What is pushed ends by
itself unless it is pushed again: a worker that dies leaves nothing behind. An end is told later than the
rules tell it, so that they do not bring back what was ended here.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import msgspec

from sinks.alert_record import rfc3339
from sinks.http import Answer
from sinks.metrics import Sample
from sinks.outcome import Outcome
from sinks.rules import labels_of

PATH = "/api/v2/alerts"
GRADE, PRESENT = "fenghuo_alert_grade", "fenghuo_alerts_waiting"  # the second is there where notify runs
KEEPS = 4  # re-sends an alert outlives: three may be lost
HOLD_MS = 15_000  # an end is held back: a scrape and an evaluation of the rules see it first
REPEAT_MS = 300_000  # an end is told again for so long
ALERTS_MAX = 10_000  # pushed at most, the worst ones; the rules tell the rest
CHUNK = 500  # alerts in one request

Labels = tuple[tuple[str, str], ...]


class Poster(Protocol):
    """Posts once (see sinks/http.py)."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """Post; whatever goes wrong is an outcome."""


class Known(NamedTuple):
    """An alert pushed: since when, and since when it is over (epoch ms; None: it is open)."""

    since_ms: int
    over_ms: int | None = None


class Postable(NamedTuple):
    """What an Alertmanager is told of one alert."""

    labels: Labels
    starts_ms: int
    ends_ms: int


class Board:
    """Which alerts are open, as pushes see them. Pure: `now_ms` is passed in.

    labels  added to all: the `external_labels` of the Prometheus beside
    """

    def __init__(self, resend_ms: int, labels: Mapping[str, str]) -> None:
        self._resend_ms = resend_ms
        self._labels = labels
        self._known: dict[Labels, Known] = {}
        self.left_out = 0

    def update(self, samples: Iterable[Sample], now_ms: int) -> bool:
        """Take what /metrics shows; return whether an alert opened or ended.

        Without notify's own samples nothing is known: it runs elsewhere now, and whoever runs it pushes.
        """
        shown = [sample for sample in samples if sample.name in (GRADE, PRESENT)]
        if not any(sample.name == PRESENT for sample in shown):
            self._known.clear()
            return False
        open_ = self._open(shown)
        began = [labels for labels in open_ if labels not in self._known or self._is_over(labels)]
        over = [labels for labels in self._known if labels not in open_ and not self._is_over(labels)]
        self._known |= dict.fromkeys(began, Known(now_ms))
        self._known |= {labels: self._known[labels]._replace(over_ms=now_ms) for labels in over}
        forgotten_ms = now_ms - HOLD_MS - REPEAT_MS
        self._known = {
            labels: known
            for labels, known in self._known.items()
            if known.over_ms is None or known.over_ms >= forgotten_ms
        }
        return bool(began or over)

    def _is_over(self, labels: Labels) -> bool:
        return self._known[labels].over_ms is not None

    def postable(self, now_ms: int) -> list[Postable]:
        """Return all that is to be pushed now: open alerts, and ends that are told."""
        alerts = []
        for labels, (since_ms, over_ms) in self._known.items():
            if over_ms is None or now_ms - over_ms < HOLD_MS:
                alerts.append(Postable(labels, since_ms, now_ms + KEEPS * self._resend_ms))
            else:
                alerts.append(Postable(labels, since_ms, over_ms + HOLD_MS))
        return alerts

    def pause_s(self, now_ms: int) -> float:
        """Return how long to wait after a push: until the next one is due, or an end that is held back."""
        ends = [known.over_ms + HOLD_MS for known in self._known.values() if known.over_ms is not None]
        next_ms = min((end for end in ends if end > now_ms), default=now_ms + self._resend_ms)
        return min(max(next_ms - now_ms, 1), self._resend_ms) / 1000

    def _open(self, shown: Iterable[Sample]) -> set[Labels]:
        graded = [one for one in shown if one.name == GRADE and one.value >= 1]
        if len(graded) > ALERTS_MAX:
            self.left_out = len(graded) - ALERTS_MAX
            graded = sorted(graded, key=lambda one: -one.value)[:ALERTS_MAX]
        else:
            self.left_out = 0
        return {self._labels_of(one) for one in graded}

    def _labels_of(self, sample: Sample) -> Labels:
        labels = labels_of(sample.labels, int(sample.value))
        return tuple(sorted({**self._labels, **labels}.items()))


def bodies(alerts: list[Postable]) -> list[bytes]:
    """Return the requests for `POST /api/v2/alerts`."""
    posted = [
        {
            "labels": dict(alert.labels),
            "startsAt": rfc3339(alert.starts_ms),
            "endsAt": rfc3339(alert.ends_ms),
            "annotations": {"summary": _summary(dict(alert.labels))},
        }
        for alert in alerts
    ]
    return [msgspec.json.encode(posted[at : at + CHUNK]) for at in range(0, len(posted), CHUNK)]


def _summary(labels: Mapping[str, str]) -> str:
    where = f" of {labels['entity']}" if labels.get("entity") else ""
    return f"{labels.get('metric', '')}{where}: grade {labels['grade']}, {labels['colour']}"


class Post(NamedTuple):
    """How to reach one Alertmanager. name: of its host, for metrics; headers: hold its token."""

    name: str
    url: str
    headers: Mapping[str, str]
    timeout_s: float
    poster: Poster

    async def push(self, requests: list[bytes]) -> Outcome:
        """Post all requests; the first that fails ends the attempt. The next one says everything again."""
        outcome = Outcome("delivered")
        for body in requests:
            answer = await self.poster.post(self.url, body, self.headers, self.timeout_s)
            if answer.outcome.what != "delivered":
                return answer.outcome
        return outcome
