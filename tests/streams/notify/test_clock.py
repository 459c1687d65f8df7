"""The response clock: who is told next, when, and that nothing but the log decides it."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from detectors.alert import Alert
from sinks import notification
from sinks.notification import Notification
from streams.machine import Output, Record
from streams.notify import tick
from streams.notify.notify import CLEARED_MS, TICK_AGAIN_MS, Notify
from streams.settings.model import Chain, Currency, Response, Settings, Time
from tests.streams.notify.test_notify import MINUTE, SETTINGS, T0, a_log, alert, later, passed, record

CHAIN = {"operations": Chain(then=["lead", "head"], within={"II": 10 * MINUTE})}
CLOCKED = msgspec.structs.replace(SETTINGS, response=Response(chains=CHAIN))
NOW = T0 + 10 * MINUTE


def at(now_ms: int, stamp_ms: int | None = None) -> Record:
    """Return a tick; `stamp_ms`: the broker's time, if it differs."""
    output = tick.to_output(now_ms, "alerts")
    return Record(0, now_ms if stamp_ms is None else stamp_ms, output.key, output.value, output.headers)


def started(settings: Settings = CLOCKED, **changes: Any) -> Notify:
    """Return a machine with one incident told, whose clock began at NOW."""
    machine = Notify(settings)
    machine.apply([record(alert(**changes)), *passed(1)])
    machine.flush(NOW, caught_up=True)
    machine.apply([at(NOW)])
    return machine


def told(outputs: list[Output]) -> list[Notification]:
    return [notification.from_record(out.value or b"") for out in outputs if out.headers[0][0] != "ce_type"]


def hear(machine: Notify, *records: Record) -> list[tuple[str, str]]:
    """Return what is told of these records, and to whom."""
    machine.apply(records)
    return [(each.transition, each.owner) for each in told(machine.flush(0, caught_up=True))]


def acknowledged(of: Alert, by: str = "Li Lei") -> Record:
    return record(replace(of, transition="acknowledged", acknowledged_by=by))


@pytest.mark.parametrize(
    ("grade", "minutes"),
    [(4, 15), (3, 10), (2, 240), (1, 1_440)],
    ids=["I in 15 min", "II by its chain in 10 min", "III in 4 h", "IV the next day"],
)
def test_an_incident_goes_on_to_the_next_owner_when_its_time_is_over(grade: int, minutes: int) -> None:
    machine = started(grade=grade)
    assert hear(machine, at(NOW + minutes * MINUTE - 1)) == []
    assert hear(machine, at(NOW + minutes * MINUTE)) == [("overdue", "lead")]


def test_each_next_owner_has_the_whole_time_and_after_the_last_nobody_is_told() -> None:
    machine = started(grade=4)
    ticks = [at(NOW + minute * MINUTE) for minute in range(0, 200)]
    assert hear(machine, *ticks) == [("overdue", "lead"), ("overdue", "head")]


def test_a_long_silence_of_the_clock_passes_over_nobody() -> None:
    machine = started(grade=4)
    assert hear(machine, at(NOW + 600 * MINUTE)) == [("overdue", "lead")]
    assert hear(machine, at(NOW + 614 * MINUTE)) == []
    assert hear(machine, at(NOW + 615 * MINUTE)) == [("overdue", "head")]


def test_the_notification_says_who_did_not_answer_who_has_it_now_and_how_soon() -> None:
    machine = started(grade=3)
    machine.apply([at(NOW + 10 * MINUTE)])
    (overdue,) = told(machine.flush(0, caught_up=True))
    assert overdue.text.startswith(
        "Not acknowledged by operations in time, now with lead: Orders: 62 % below"
    )
    assert (overdue.owner, overdue.owners, overdue.respond_within_s) == ("lead", ("operations", "lead"), 600)


def test_who_was_told_hears_of_the_end() -> None:
    machine = started(grade=4)
    machine.apply([at(NOW + 15 * MINUTE), record(later(alert(grade=4), "resolved", 0, at=2)), *passed(2)])
    resolved = told(machine.flush(0, caught_up=True))[-1]
    assert (resolved.transition, resolved.owners) == ("resolved", ("operations", "lead"))


def test_an_acknowledged_incident_goes_on_to_nobody() -> None:
    machine = started(grade=4)
    machine.apply([acknowledged(alert(grade=4))])
    (taken,) = told(machine.flush(0, caught_up=True))
    assert (taken.transition, taken.acknowledged_by) == ("acknowledged", "Li Lei")
    assert taken.text.startswith("Acknowledged by Li Lei: Orders: 62 % below")
    assert hear(machine, at(NOW + 1_000 * MINUTE)) == []


def test_the_same_acknowledgement_twice_is_told_once_and_another_person_is_news() -> None:
    machine = started()
    first = acknowledged(alert())
    assert hear(machine, first, first) == [("acknowledged", "operations")]
    assert hear(machine, acknowledged(alert(), by="Han Mei")) == [("acknowledged", "operations")]


def test_what_gets_worse_has_to_be_acknowledged_again() -> None:
    machine = started(grade=2)
    worse = later(alert(grade=2), "escalated", 4, at=2)
    assert hear(machine, acknowledged(alert(grade=2)), record(worse), *passed(2)) == [
        ("acknowledged", "operations"),
        ("escalated", "operations"),
    ]
    assert hear(machine, at(NOW + 20 * MINUTE), at(NOW + 35 * MINUTE)) == [("overdue", "lead")]


def test_what_eases_does_not_have_to_be_acknowledged_again() -> None:
    machine = started(grade=4)
    milder = later(alert(grade=4), "downgraded", 2, at=2)
    hear(machine, acknowledged(alert(grade=4)), record(milder), *passed(2))
    assert hear(machine, at(NOW + 5_000 * MINUTE)) == []


@pytest.mark.parametrize(
    "settings",
    [SETTINGS, msgspec.structs.replace(CLOCKED, time=Time(replay=True))],
    ids=["no chain", "a replay"],
)
def test_where_nobody_would_be_told_no_clock_runs(settings: Settings) -> None:
    machine = started(settings, grade=4)
    assert machine.flush(NOW + 10_000 * MINUTE, caught_up=True) == []
    assert hear(machine, at(NOW + 10_000 * MINUTE)) == []


def test_reminders_come_only_by_policy() -> None:
    response = Response(remind_every={"I": 30 * MINUTE})
    machine = started(msgspec.structs.replace(SETTINGS, response=response), grade=4)
    assert (
        hear(machine, *(at(NOW + minute * MINUTE) for minute in range(100)))
        == [("reminded", "operations")] * 3
    )
    machine = started(msgspec.structs.replace(SETTINGS, response=response), grade=3)
    assert hear(machine, at(NOW + 10_000 * MINUTE)) == []


def ticks(machine: Notify, now_ms: int) -> list[int]:
    outputs = machine.flush(now_ms, caught_up=True)
    return [msgspec.json.decode(out.value or b"")[0] for out in outputs if out.topic == "fenghuo.alert.v1"]


def test_ticks_are_written_when_a_clock_begins_and_when_it_runs_out_and_not_in_between() -> None:
    machine = Notify(CLOCKED)
    assert ticks(machine, NOW) == []
    machine.apply([record(alert(grade=4)), *passed(1)])
    assert ticks(machine, NOW) == [NOW]
    assert ticks(machine, NOW + 1_000) == []
    machine.apply([at(NOW)])
    assert [now for second in range(899) for now in ticks(machine, NOW + second * 1_000)] == []
    assert ticks(machine, NOW + 900_000) == [NOW + 900_000]


def test_a_tick_that_was_lost_is_written_again() -> None:
    machine = Notify(CLOCKED)
    machine.apply([record(alert(grade=4)), *passed(1)])
    written = [now for second in range(25) for now in ticks(machine, NOW + second * 1_000)]
    assert written == [NOW, NOW + TICK_AGAIN_MS, NOW + 2 * TICK_AGAIN_MS]


def test_a_tick_from_the_future_is_taken_for_the_brokers_time() -> None:
    machine = started(grade=4)
    assert hear(machine, at(NOW + 10_000 * MINUTE, stamp_ms=NOW + MINUTE)) == []


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b'["x"]', b"\xff"])
def test_a_tick_that_is_none_is_counted_and_left(value: bytes) -> None:
    machine = started(grade=4)
    machine.apply([Record(0, NOW, b"tick", value, (("ce_type", tick.CE_TYPE),))])
    samples = {sample.name: sample.value for sample in machine.samples()}
    assert samples["fenghuo_alert_records_refused_total"] == 1


def test_how_many_wait_for_an_answer_is_shown() -> None:
    def waiting(machine: Notify) -> dict[str, float]:
        name = "fenghuo_incidents_unacknowledged"
        return {s.labels[0]: s.value for s in machine.samples() if s.name == name and s.value}

    machine = started(SETTINGS, grade=4)
    assert waiting(machine) == {"4": 1}
    machine.apply([acknowledged(alert(grade=4))])
    assert waiting(machine) == {}


def grades(machine: Notify) -> list[float]:
    return [sample.value for sample in machine.samples() if sample.name == "fenghuo_alert_grade"]


def test_the_grade_of_an_alert_that_ended_is_shown_as_0_for_a_while() -> None:
    machine = started(SETTINGS)
    assert grades(machine) == [2]
    machine.apply([record(later(alert(), "resolved", 0, at=2)), *passed(2)])
    assert grades(machine) == [0]
    again = Notify(SETTINGS)
    again.restore(machine.snapshot(), "")
    assert grades(again) == [0]
    ended_ms = T0 + 10 * MINUTE
    for one in (machine, again):
        one.apply([at(ended_ms + CLEARED_MS)])
        assert grades(one) == [0]
        one.apply([at(ended_ms + CLEARED_MS + 1)])
        assert grades(one) == []


def test_an_alert_that_opens_again_shows_its_grade() -> None:
    machine = started(SETTINGS)
    machine.apply([record(later(alert(), "resolved", 0, at=2)), *passed(2), record(alert(at=3)), *passed(3)])
    assert grades(machine) == [2]


MONEY = msgspec.structs.replace(SETTINGS, currency=Currency(base="CNY"))


@pytest.mark.parametrize(
    ("alerts", "impact"),
    [
        pytest.param([alert()], None, id="orders are no money"),
        pytest.param([alert("revenue", actual=500.0, expected=1_500.0)], (1_000.0, 200.0), id="revenue"),
        pytest.param(
            [alert("revenue", actual=500.0, expected=1_500.0, since_ms=T0 - 10 * MINUTE)],
            (3_000.0, 200.0),
            id="since it began",
        ),
        pytest.param(
            [
                alert("revenue", "region=east", actual=0.0, expected=900.0, grade=4),
                alert("revenue", actual=500.0, expected=1_500.0),
            ],
            (1_000.0, 200.0),
            id="the whole shop before its parts",
        ),
        pytest.param(
            [alert("revenue", actual=2_000.0, expected=1_500.0, direction="up")], (-500.0, -100.0), id="more"
        ),
        pytest.param([alert("revenue", expected=None)], None, id="nothing was expected"),
        pytest.param([alert("price", "sku=a")], None, id="a price is no sum"),
    ],
)
def test_what_it_costs_is_told_where_sums_of_money_tell_it(alerts: list[Alert], impact: Any) -> None:
    machine = Notify(MONEY)
    machine.apply([*map(record, alerts), *passed(1)])
    (only,) = told(machine.flush(0, caught_up=True))
    found = None if only.impact is None else (only.impact.amount, only.impact.per_minute)
    assert found == impact
    assert only.impact is None or only.impact.currency == "CNY"


def test_a_state_of_the_version_before_clocks_is_read_and_its_clocks_begin() -> None:
    stored = Path(__file__).parents[2] / "golden" / "notify-1.bin"
    _, blocks = msgspec.msgpack.decode(stored.read_bytes(), type=tuple[str, list[bytes]])
    machine = Notify(msgspec.structs.replace(CLOCKED, kafka=SETTINGS.kafka))
    machine.restore(blocks, "")
    assert ticks(machine, NOW) == [NOW]


def answered_log(seed: int) -> list[Record]:
    """Return random lives of alerts with ticks and acknowledgements strewn in."""
    dice = random.Random(seed)
    log: list[Record] = []
    seen: list[Alert] = []
    for number, window in enumerate(a_log(seed), start=1):
        seen += window
        log += [*map(record, window), *passed(number)]
        for _ in range(dice.randrange(4)):
            now_ms = T0 + number * 5 * MINUTE + dice.randrange(5 * MINUTE)
            log.append(at(now_ms + dice.choice((0, 0, 60, 600)) * MINUTE))
            if dice.random() < 0.3 and seen:
                log.append(acknowledged(dice.choice(seen), dice.choice(("Li Lei", "Han Mei", ""))))
    return log


def run(log: list[Record]) -> list[Notification]:
    machine = Notify(CLOCKED)
    machine.apply(log)
    return told(machine.flush(0, caught_up=True))


@given(seed=st.integers(0, 10_000), cut=st.floats(0, 1), step=st.integers(1, 7))
@example(seed=3558, cut=0.75, step=1)  # a series cleared, forgotten, and cleared again
@hypothesis_settings(max_examples=60, deadline=None)
def test_neither_a_restart_nor_batches_nor_the_wall_clock_change_what_is_told(
    seed: int, cut: float, step: int
) -> None:
    log = answered_log(seed)
    machine, heard = Notify(CLOCKED), []
    split = int(cut * len(log))
    for start in range(0, split, step):
        machine.apply(log[start : min(start + step, split)])
        heard += told(machine.flush(seed * start * MINUTE, caught_up=bool(start % 2)))
    again = Notify(CLOCKED)
    again.restore(machine.snapshot(), machine.metadata())
    again.apply(log[split:])
    heard += told(again.flush(0, caught_up=True))
    assert heard == run(log)
    assert list(again.snapshot()) == list(whole(log).snapshot())


def whole(log: list[Record]) -> Notify:
    machine = Notify(CLOCKED)
    machine.apply(log)
    machine.flush(0, caught_up=True)
    return machine


@given(seed=st.integers(0, 10_000))
@hypothesis_settings(max_examples=30, deadline=None)
def test_ticks_written_twice_change_nothing(seed: int) -> None:
    log = answered_log(seed)
    doubled = [each for one in log for each in ([one, one] if tick.is_tick(one.headers) else [one])]
    assert run(doubled) == run(log)


def test_the_made_up_logs_hold_what_they_are_for() -> None:
    turns = {each.transition for seed in range(30) for each in run(answered_log(seed))}
    assert {"overdue", "acknowledged", "resolved", "escalated"} <= turns
