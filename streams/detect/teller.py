"""The teller: from what changed in a bank to alerts that people can read."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from detectors.alert import CHANGES, Alert, alert_id_of
from detectors.phase import PHASES
from detectors.series import series_id
from sinks.alert_record import to_record
from sinks.sentence import sentence
from streams.detect.frontier import Frontier
from streams.detect.pulse import Seen
from streams.detect.watch import Watch
from streams.machine import Output
from streams.settings.model import Response, Settings

_SIDES: dict[int, Literal["up", "down", ""]] = {1: "up", -1: "down", 0: ""}


class Teller:
    """Builds alert records; knows the shop, its language and what the record timestamps say about lag."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def tell(self, seen: Seen, frontier: Frontier) -> Iterator[Output]:
        """Yield a record for the alert topic for each series about which the verdict changed something."""
        for at in np.flatnonzero(seen.verdict.change).tolist():
            alert = self._alert(seen, at, frontier)
            key, value, headers = to_record(alert, self._settings.shop)
            yield Output(self._settings.topics.alert, key, value, headers)

    def _alert(self, seen: Seen, at: int, frontier: Frontier) -> Alert:
        watch, verdict = seen.watch, seen.verdict
        monitor, life, row = watch.subject.monitor, watch.bank.life, verdict.rows[at]
        entity, grade = watch.roster.entities[int(seen.slots[at])], int(verdict.grade[at])
        window, moved = verdict.window, watch.bank.table.moved(int(row))
        alert = Alert(
            alert_id=alert_id_of(
                self._settings.shop,
                monitor.name,
                series_id(monitor.metric, entity),
                int(life["opened_end"][row]),
            ),
            transition=CHANGES[verdict.change[at] - 1],
            sequence=int(life["sequence"][row]),
            monitor=monitor.name,
            kind=monitor.kind,
            metric=monitor.metric,
            entity=entity,
            grade=grade,
            window_start_ms=window.start_ms,
            window_end_ms=window.end_ms,
            since_ms=int(life["since"][row]),
            actual=float(verdict.values[at]),
            expected=_known(verdict.judgement.expected[at]),
            lower=_known(verdict.judgement.lower[at]),
            upper=_known(verdict.judgement.upper[at]),
            score=_known(verdict.score[at]) or 0.0,
            exposure=float(verdict.volume[at]) if watch.subject.kind == "ratio" else None,
            direction=_direction(int(life["side"][row]), moved),
            unit=watch.subject.metric.unit,
            owner=monitor.owner,
            respond_within_s=_respond_within_s(watch, grade, self._settings.response),
            runbook_url=monitor.runbook_url,
            evidence=(_detector_name(watch), *_named(watch, moved)),
            state=PHASES[watch.bank.members["phase"][row]] if watch.bank.table.CAUTIOUS else "",
        )
        return self._with_words(self._with_pipeline(alert, watch, frontier), watch)

    def _with_pipeline(self, alert: Alert, watch: Watch, frontier: Frontier) -> Alert:
        """Add what the log says about how trustworthy and how old this is."""
        topics = {self._settings.topics.of_event(board.group.event) for board in watch.boards}
        lag_ms = frontier.lag_ms(topics)
        return replace(
            alert,
            historical=lag_ms > self._settings.time.notify_within_ms,
            late_ratio=frontier.late_ratio(topics),
            lag_s=lag_ms / 1000,
        )

    def _with_words(self, alert: Alert, watch: Watch) -> Alert:
        locale, monitor = self._settings.locale, watch.subject.monitor
        template, action = (
            (monitor.text.zh, monitor.action.zh)
            if locale == "zh-CN"
            else (monitor.text.en, monitor.action.en)
        )
        text = sentence(template, alert, locale, self._settings.time.timezone)
        return replace(alert, text=text, action=action)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _direction(side: int, moved: Sequence[tuple[int, float]]) -> Literal["up", "down", ""]:
    """Return the side of the evidence; a vector has none: that of the part that moved most."""
    return _SIDES[side] if not moved else "up" if moved[0][1] >= 0 else "down"


def _named(watch: Watch, moved: Sequence[tuple[int, float]]) -> Iterator[str]:
    """Yield `cart_adds -18 %` for each part of a vector that moved."""
    for part, change in moved:
        yield f"{watch.boards[part].group.metric} {100 * change:+.0f} %"


def _respond_within_s(watch: Watch, grade: int, response: Response) -> int:
    if grade == 0:
        return 0
    own_ms = watch.subject.monitor.respond_within_ms
    return (response.within_ms(grade) if own_ms is None else own_ms) // 1000


def _detector_name(watch: Watch) -> str:
    detector = watch.subject.monitor.detector
    return detector if isinstance(detector, str) else next(iter(detector))
