"""Late events, from the input log to what people are told: same ids, restated, or withdrawn."""

from typing import Any

import msgspec
import pytest

from sinks import notification
from sinks.notification import Notification
from streams.machine import Output, Record
from streams.notify.notify import Notify
from tests.streams.chain import (
    COUNT,
    FIVE_MS,
    MINUTE_MS,
    START,
    Chain,
    event,
    limits,
    settings_of,
    spread,
    told,
)

NORMAL, LOW = 12, 4


class Shop(Chain):
    """A chain whose alerts go on to notify."""

    def __init__(self) -> None:
        watch: dict[str, Any] = {"name": "orders", "metric": "orders", "detector": limits(10, below=True)}
        super().__init__(settings_of({"orders": COUNT}, [watch]))
        self.notify = Notify(self.settings)
        self.told: list[Notification] = []
        self._read = 0

    def take(self, outputs: list[Output]) -> None:
        super().take(outputs)
        self.notify.apply(
            [Record(self._read + i, self.now, o.key, o.value, o.headers) for i, o in enumerate(outputs)]
        )
        self._read += len(outputs)
        for output in self.notify.flush(self.now, caught_up=False):
            self.told.append(notification.from_record(output.value or b""))

    def run(self, *counts: int) -> None:
        """Let windows of so many orders pass, the last one to its end."""
        for number, count in enumerate(counts):
            self.feed(spread(count, START + number * FIVE_MS))
        self.feed([event("end", START + len(counts) * FIVE_MS)])

    def late(self, count: int, window: int) -> None:
        """Let orders of a window that is over arrive now."""
        self.feed(spread(count, START + window * FIVE_MS, MINUTE_MS, "late"))

    def go_on(self, window: int, count: int = NORMAL) -> None:
        """Let one more window pass."""
        self.feed(spread(count, START + window * FIVE_MS, tag="more"))
        self.feed([event(f"end-{window}", START + (window + 1) * FIVE_MS)])

    def story(self) -> list[tuple[str, int]]:
        return [(one.transition, one.grade) for one in self.told]


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_before_an_episode_they_change_nothing_that_was_told(shop: Shop) -> None:
    shop.run(NORMAL, NORMAL, LOW)
    shop.late(3, window=0)
    shop.go_on(3)
    (incident,) = {one.incident_id for one in shop.told}
    assert incident
    assert told(shop.alerts) == [(15, "opened", 2), (20, "resolved", 0)]
    assert [transition for transition, _ in shop.story()] == ["opened", "resolved"]


def test_within_an_episode_it_is_restated_under_its_id_and_its_incident_follows(shop: Shop) -> None:
    shop.run(NORMAL, LOW)
    shop.late(2, window=1)
    shop.go_on(2)
    opened, restated, resolved = shop.alerts
    assert [a.transition for a in shop.alerts] == ["opened", "restated", "resolved"]
    assert (opened.actual, restated.actual) == (LOW, LOW + 2)
    assert {a.alert_id for a in shop.alerts} == {opened.alert_id}
    assert [opened.sequence, restated.sequence, resolved.sequence] == [0, 1, 2]
    assert len({one.incident_id for one in shop.told}) == 1
    assert shop.story()[0][0] == "opened"
    assert shop.story()[-1][0] == "resolved"


def test_an_episode_that_was_none_is_withdrawn_and_so_is_its_incident(shop: Shop) -> None:
    shop.run(NORMAL, LOW)
    assert [transition for transition, _ in shop.story()] == ["opened"]
    shop.late(NORMAL - LOW, window=1)
    shop.go_on(2)
    assert told(shop.alerts) == [(10, "opened", 2), (10, "restated", 0)]
    assert len({a.alert_id for a in shop.alerts}) == 1
    assert [transition for transition, _ in shop.story()] == ["opened", "resolved"]
    assert not [s for s in shop.notify.samples() if s.name == "fenghuo_alert_grade" and s.value]


def test_after_an_episode_it_stays_as_it_was_told(shop: Shop) -> None:
    shop.run(NORMAL, LOW, NORMAL)
    before = list(shop.told)
    assert told(shop.alerts) == [(10, "opened", 2), (15, "resolved", 0)]
    shop.late(3, window=1)
    shop.go_on(3)
    assert told(shop.alerts) == [(10, "opened", 2), (15, "resolved", 0)]
    assert shop.told == before


def test_beyond_the_time_for_restating_they_are_counted_as_too_late_and_kept(shop: Shop) -> None:
    shop.run(NORMAL, LOW, *[LOW] * 5)
    before = list(shop.alerts)
    late = spread(5, START + FIVE_MS, MINUTE_MS, "late")
    source = ("order", 0)
    ingest = shop.ingest(source)
    ingest.apply(
        [Record(10_000 + i, shop.now, b"k", body) for i, body in enumerate(map(msgspec.json.encode, late))]
    )
    outputs = ingest.flush(shop.now, caught_up=False)
    kept = [one for one in outputs if one.topic == "shop.order.v1.late"]
    assert [one.value for one in kept] == [msgspec.json.encode(one) for one in late]
    for output in outputs:
        if output.topic == shop.settings.topics.partial:
            shop._detect(output)
    too_late = [s.value for s in shop.detects[0].samples() if s.name == "fenghuo_too_late_total"]
    outcomes = {s.labels[2]: s.value for s in ingest.samples() if s.name == "fenghuo_events_total"}
    assert sum(too_late) > 0
    assert outcomes["late"] == 5
    assert shop.alerts == before
