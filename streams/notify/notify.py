"""Notify: alerts in, one notification per change of an incident out."""

from collections import Counter
from collections.abc import Iterable, Sequence

import click
import msgspec

from detectors.alert import GRADE_NAMES, Alert
from sinks.alert_record import AlertRefused, from_record
from sinks.metrics import Sample
from sinks.notification import Notification, to_record
from sinks.sentence import clock
from streams.drift import is_drift
from streams.machine import Output, Record
from streams.notify.casebook import Casebook
from streams.notify.state import Cleared, NotifyState, from_blocks, to_blocks
from streams.notify.tick import is_tick, now_of
from streams.notify.tick import to_output as tick_output
from streams.partial import NO_TIME
from streams.progress import Progress, from_value, is_progress
from streams.settings.model import Settings

WAITING_MAX = 50_000  # alerts of undecided windows; beyond, the oldest window is decided as it is

_ALERTS, _INCIDENTS = "fenghuo_alerts_total", "fenghuo_incidents_total"
_REFUSED, _FORCED = "fenghuo_alert_records_refused_total", "fenghuo_windows_forced_total"
_GIVEN_UP = "fenghuo_alerts_given_up_total"
_LABELS = {_ALERTS: 2, _INCIDENTS: 1, _REFUSED: 0, _FORCED: 0, _GIVEN_UP: 0}  # how many each has
TICK_AGAIN_MS = 10_000  # a tick that was written and not read by then is written again
CLEARED_MS = 600_000  # a grade that went back to 0 is shown as 0 for so long: an end differs from a silence
CLEARED_MAX = 10_000

Labels = tuple[str, ...]  # of fenghuo_alert_grade

_ANSI = {1: "blue", 2: "yellow", 3: "bright_red", 4: "red"}  # terminals have no orange


class Notify:
    """The machine over the alert topic.

    A window is decided when every detect partition has passed it, so that the order in which their records
    lie in the log does not matter. Faults of the pipeline and acknowledgements do not wait. What is
    historical is remembered without a word; whatever of it is still open when the log has come to within
    `time.notify_within` of the present is told then. Response clocks run on ticks, which it writes into its
    own log when one is wanted and reads like everything else.
    """

    paused = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._casebook = Casebook(settings)
        self._passed = [NO_TIME] * settings.kafka.partial_partitions
        self._record_ms = NO_TIME
        self._waiting: dict[int, list[Alert]] = {}
        self._waiting_n = 0
        self._outputs: list[Output] = []
        self._log_ms = NO_TIME
        self._asked_ms = (
            NO_TIME  # when a tick was written that is not read yet; no state: it can be asked again
        )
        self._cleared: dict[Labels, int] = {}
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in _LABELS}

    @property
    def due(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._outputs)

    def apply(self, records: Sequence[Record]) -> None:
        """Take records of the alert topic; what is no record of ours is counted and left."""
        for record in records:
            if record.value is None:
                continue
            self._log_ms = max(self._log_ms, record.timestamp)
            try:
                if is_progress(record.headers):
                    self._progress(from_value(record.value))
                elif is_tick(record.headers):
                    self._tick(now_of(record))
                elif not is_drift(record.headers):
                    self._alert(from_record(record.value))
            except (AlertRefused, msgspec.DecodeError):
                self._count(_REFUSED)

    def flush(self, now_ms: int, *, caught_up: bool) -> list[Output]:  # noqa: ARG002 (a tick comes after all that is read)
        """Return the notifications since the last flush, and a tick if a response clock wants one."""
        outputs, self._outputs = self._outputs, []
        if now_ms - self._asked_ms >= TICK_AGAIN_MS and self._casebook.wants_tick(now_ms):
            self._asked_ms = now_ms
            outputs.append(tick_output(now_ms, self._settings.topics.alert))
        return outputs

    def reset_fuse(self, offset: int) -> None:
        """Notify has no fuse."""

    def metadata(self) -> str:
        """Nothing is kept with the offset."""
        return ""

    def snapshot(self) -> list[bytes]:
        """Return the state."""
        waiting = [alert for end in sorted(self._waiting) for alert in self._waiting[end]]
        incidents = list(self._casebook.incidents.values())
        counts = {name: dict(counter) for name, counter in self._counts.items()}
        counts[_GIVEN_UP] = {"": self._casebook.given_up}
        cleared = [Cleared(labels, at_ms) for labels, at_ms in self._recently_cleared()]
        budget = self._casebook.budget
        return to_blocks(
            NotifyState(
                passed=self._passed,
                record_ms=self._record_ms,
                waiting=waiting,
                incidents=incidents,
                counts=counts,
                log_ms=self._log_ms,
                cleared=cleared,
                spent=budget.spent,
                lowered=budget.lowered,
            )
        )

    def restore(self, blocks: Sequence[bytes], metadata: str) -> None:  # noqa: ARG002 (none is written)
        """Take over a snapshot. Raises StateRefused."""
        state = from_blocks(blocks)
        known = min(len(state.passed), len(self._passed))  # the number of partitions may have changed
        self._passed[:known] = state.passed[:known]
        self._record_ms = state.record_ms
        for alert in state.waiting:
            self._wait(alert)
        self._log_ms = state.log_ms
        self._cleared = {one.labels: one.at_ms for one in state.cleared}
        self._casebook.load(state.incidents)
        self._casebook.budget.spent |= state.spent
        self._casebook.budget.lowered = state.lowered
        for name, counter in self._counts.items():
            counter.update(state.counts.get(name, {}))
        self._casebook.given_up = self._counts[_GIVEN_UP].pop("", 0)

    def samples(self) -> Iterable[Sample]:
        """Return the grades of open alerts that people know of, 0 for those just over, and the counters."""
        grades: dict[Labels, int] = {}
        for alert in self._casebook.told_alerts():
            grades[_labels(alert)] = max(grades.get(_labels(alert), 0), alert.grade)
        for labels, _ in self._recently_cleared():
            grades.setdefault(labels, 0)
        for series, grade in grades.items():
            yield Sample("fenghuo_alert_grade", series, grade)
        for grade, waiting in self._casebook.unacknowledged().items():
            yield Sample("fenghuo_incidents_unacknowledged", (str(grade),), waiting)
        budget = self._casebook.budget
        for kind in budget.spent:
            yield Sample("fenghuo_budget_spent", (kind,), budget.a_day(kind, max(self._passed)))
        yield Sample("fenghuo_budget_lowered_total", (), budget.lowered)
        yield Sample(_GIVEN_UP, (), self._casebook.given_up)
        yield Sample("fenghuo_alerts_waiting", (), self._waiting_n)
        for name, n in _LABELS.items():
            for joined, count in self._counts[name].items():
                yield Sample(name, tuple(joined.split("/")) if n else (), count)

    def _alert(self, alert: Alert) -> None:
        self._count(_ALERTS, alert.transition, str(alert.grade))
        if alert.transition == "acknowledged":
            self._tell(self._casebook.acknowledge(alert))
        elif alert.verdict == "pipeline":
            self._tell(self._casebook.decide([alert]))
        else:
            self._wait(alert)
            if self._waiting_n > WAITING_MAX:
                self._count(_FORCED)
                self._decide(min(self._waiting))

    def _progress(self, progress: Progress) -> None:
        if not 0 <= progress.partition < len(self._passed):
            return  # written when there were more partitions
        self._passed[progress.partition] = max(self._passed[progress.partition], progress.passed_ms)
        self._record_ms = max(self._record_ms, progress.record_ms)
        low = min(self._passed)
        for end in sorted(end for end in self._waiting if end <= low):
            self._decide(end)
        if self._record_ms - low <= self._settings.time.notify_within_ms:
            self._tell(self._casebook.settle())

    def _tick(self, now_ms: int) -> None:
        if now_ms >= self._asked_ms:
            self._asked_ms = NO_TIME
        self._tell(self._casebook.tick(now_ms))

    def _recently_cleared(self) -> list[tuple[Labels, int]]:
        return [one for one in self._cleared.items() if self._log_ms - one[1] <= CLEARED_MS]

    def _wait(self, alert: Alert) -> None:
        self._waiting.setdefault(alert.window_end_ms, []).append(alert)
        self._waiting_n += 1

    def _decide(self, end: int) -> None:
        alerts = self._waiting.pop(end)
        self._waiting_n -= len(alerts)
        self._tell(self._casebook.decide(alerts))

    def _tell(self, notifications: Iterable[Notification]) -> None:
        for notification in notifications:
            if notification.transition == "opened":
                self._count(_INCIDENTS, str(notification.grade))
            record = to_record(notification, self._settings.shop)
            self._outputs.append(Output(self._settings.topics.notification, *record))
        if ended := {_labels(alert): self._log_ms for alert in self._casebook.ended}:
            # In the order of their ends, without what is over: as a snapshot would keep them.
            kept = [one for one in self._recently_cleared() if one[0] not in ended]
            self._cleared = dict([*kept, *ended.items()][-CLEARED_MAX:])
        self._casebook.ended.clear()

    def _count(self, name: str, *labels: str) -> None:
        self._counts[name]["/".join(labels)] += 1


def _labels(alert: Alert) -> Labels:
    return alert.monitor, alert.metric, alert.entity, alert.kind, alert.owner


def incident_line(notification: Notification, timezone: str = "UTC") -> str:
    """Return one line for a terminal; `click.echo` takes the colours off where there is none."""
    grade = notification.grade or notification.peak_grade
    colour = "green" if notification.transition == "resolved" else _ANSI[grade]
    mark = click.style(f"\u25cf {GRADE_NAMES[grade]:<3}", fg=colour, bold=True)
    since = clock(notification.since, timezone, beside_ms=notification.window.end - 1)
    return f"{mark} {notification.transition:<12} since {since}  {' '.join(notification.text.split())}"
