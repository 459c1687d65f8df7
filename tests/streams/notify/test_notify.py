"""Notify on small shops: what is told, when, and that nothing but the log decides it."""

import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.alert import Alert, Change, alert_id_of
from detectors.series import series_id
from sinks import alert_record, notification
from sinks.metrics import CATALOGUE
from sinks.notification import Notification
from streams import progress
from streams.machine import Record, StateRefused
from streams.notify.notify import Notify, incident_line
from streams.settings.model import Kafka, Metric, Monitor, Settings, Text

MINUTE = 60_000
T0 = 1_709_273_100_000  # 2024-03-01 06:05 UTC
PARTITIONS = 2
SETTINGS = Settings(
    shop="demo",
    kafka=Kafka(partial_partitions=PARTITIONS),
    metrics={
        "orders": Metric(event="order", where={"type": "created"}, count=True),
        "revenue": Metric(event="order", where={"type": ["created"]}, sum="amount"),
        "views": Metric(event="click", where={"type": "view"}, count=True),
        "conversion": Metric(ratio=("orders", "views")),
        "order_feed": Metric(event="order", count=True),
        "vitals": Metric(vector=("orders", "views")),
        "price": Metric(event="order", where={"type": "created"}, lines=True, last="unit_price"),
    },
    monitors=[
        Monitor(name="orders", metric="orders", kind="order_volume"),
        Monitor(name="revenue", metric="revenue", kind="revenue", text=Text(en="Revenue fell to {actual}.")),
        Monitor(name="views", metric="views", kind="traffic"),
        Monitor(name="conversion", metric="conversion", kind="conversion"),
        Monitor(name="order_feed", metric="order_feed", kind="feed_silence"),
        Monitor(name="price", metric="price", kind="price"),
        Monitor(name="vitals", metric="vitals", kind="vitals"),
    ],
)


def alert(monitor: str = "orders", entity: str = "", *, at: int = 1, **changes: Any) -> Alert:
    """Return an alert that opens at the end of window number `at`."""
    start, end = T0 + (at - 1) * 5 * MINUTE, T0 + at * 5 * MINUTE
    opened = Alert(
        alert_id=alert_id_of("demo", monitor, series_id(monitor, entity), end),
        transition="opened",
        sequence=0,
        monitor=monitor,
        kind=next((m.kind for m in SETTINGS.monitors if m.name == monitor), "pipeline"),
        metric=monitor,
        entity=entity,
        grade=2,
        window_start_ms=start,
        window_end_ms=end,
        since_ms=start,
        actual=38.0,
        expected=101.0,
        lower=80.0,
        upper=120.0,
        score=11.5,
        direction="down",
        owner="operations",
    )
    return replace(opened, **changes)


def later(before: Alert, transition: Change, grade: int, *, at: int) -> Alert:
    """Return the next transition of an alert."""
    return replace(
        before,
        transition=transition,
        grade=grade,
        sequence=before.sequence + 1,
        window_start_ms=T0 + (at - 1) * 5 * MINUTE,
        window_end_ms=T0 + at * 5 * MINUTE,
    )


def record(of: Alert) -> Record:
    """Return the alert as a record of the alert topic."""
    key, value, headers = alert_record.to_record(of, "demo")
    return Record(0, of.window_end_ms, key, value, headers)


def passed(at: int, partition: int | None = None, *, behind_ms: int = 0) -> list[Record]:
    """Return progress over window number `at`, of all partitions or one."""
    end = T0 + at * 5 * MINUTE
    partitions = range(PARTITIONS) if partition is None else (partition,)
    outputs = (progress.to_output(progress.Progress(p, end, end + behind_ms), "alerts") for p in partitions)
    return [Record(0, end, output.key, output.value, output.headers) for output in outputs]


def told(machine: Notify) -> list[Notification]:
    """Return what a flush tells."""
    return [notification.from_record(output.value or b"") for output in machine.flush(0, caught_up=True)]


def run(*records: Record) -> list[Notification]:
    """Return what a fresh machine tells of a log."""
    machine = Notify(SETTINGS)
    machine.apply(records)
    return told(machine)


def summary(notifications: list[Notification]) -> list[tuple[str, int, str]]:
    return [(each.transition, each.grade, each.title) for each in notifications]


@pytest.mark.parametrize(
    ("alerts", "wanted"),
    [
        pytest.param([alert()], [("opened", 2, "orders")], id="one alert"),
        pytest.param(
            [alert(), alert(entity="region=east"), alert(entity="region=west")],
            [("opened", 2, "orders")],
            id="the whole shop and its parts",
        ),
        pytest.param(
            [alert(entity="region=east"), alert(entity="region=west", grade=4)],
            [("opened", 4, "orders in 2 regions")],
            id="parts alone are counted",
        ),
        pytest.param(
            [alert("revenue", grade=1), alert("conversion"), alert(grade=3)],
            [("opened", 3, "orders, with conversion, revenue")],
            id="orders, revenue and conversion fall together",
        ),
        pytest.param(
            [alert("views"), alert()],
            [("opened", 2, "orders"), ("opened", 2, "views")],
            id="other events are another cause",
        ),
        pytest.param(
            [alert("order_feed", grade=4), alert(), alert("conversion")],
            [("opened", 4, "order feed, with conversion, orders")],
            id="a silent feed takes everything with it",
        ),
        pytest.param(
            [alert("vitals", grade=1), alert(), alert("views", grade=3)],
            [("opened", 3, "views, with orders, vitals")],
            id="a vector belongs to each of its parts",
        ),
        pytest.param(
            [alert("revenue", direction="up"), alert()],
            [("opened", 2, "orders"), ("opened", 2, "revenue")],
            id="another direction is another cause",
        ),
        pytest.param(
            [alert("price", f"category=toys,sku=t{n}") for n in range(12)],
            [("opened", 2, "price in 12 skus of category toys")],
            id="many skus of one category name it",
        ),
        pytest.param(
            [alert("price", f"sku=t{n}", direction=("up", "down")[n % 2]) for n in range(30)],
            [("opened", 2, "price in 30 skus")],
            id="many skus of one kind, up and down",
        ),
        pytest.param(
            [alert(historical=True)], [("opened", 2, "orders")], id="historical but still open at present"
        ),
        pytest.param(
            [alert(), later(alert(), "resolved", 0, at=1)], [], id="gone within the window it opened in"
        ),
    ],
)
def test_alerts_of_one_cause_in_one_window_are_one_notification(
    alerts: list[Alert], wanted: list[tuple[str, int, str]]
) -> None:
    notifications = run(*map(record, alerts), *passed(1))
    assert sorted(summary(notifications)) == wanted


EAST, WEST = alert(entity="region=east"), alert(entity="region=west", at=2)


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        pytest.param([[later(EAST, "escalated", 4, at=2)]], ["escalated 4"], id="escalated"),
        pytest.param([[later(EAST, "downgraded", 1, at=2)]], ["downgraded 1"], id="downgraded"),
        pytest.param([[later(EAST, "resolved", 0, at=2)]], ["resolved 0"], id="resolved"),
        pytest.param([[later(EAST, "restated", 0, at=2)]], ["resolved 0"], id="withdrawn"),
        pytest.param([[later(EAST, "restated", 2, at=2)]], [], id="restated without a change"),
        pytest.param([[WEST]], [], id="a mild part joins"),
        pytest.param([[replace(WEST, grade=4)]], ["escalated 4"], id="a worse part joins"),
        pytest.param([[alert("revenue", "region=east", at=2)]], [], id="another metric of the part joins"),
        pytest.param([[alert(at=2)]], ["updated 2"], id="the whole shop joins"),
        pytest.param([[alert("views", at=2)]], ["opened 2"], id="another cause opens its own"),
        pytest.param(
            [[], [], [], [], [], [], [], [alert("revenue", "region=east", at=9)]],
            ["opened 2"],
            id="the same events in trouble much later",
        ),
        pytest.param(
            [[], [], [], [], [], [], [], [replace(alert("revenue", "region=east", at=9), since_ms=T0)]],
            [],
            id="a longer window that began with it",
        ),
        pytest.param(
            [[], [], [], [], [], [], [], [alert(entity="region=west", at=9)]],
            [],
            id="its own kind much later",
        ),
        pytest.param(
            [[replace(WEST, grade=4)], [later(replace(WEST, grade=4), "resolved", 0, at=3)]],
            ["escalated 4", "downgraded 2"],
            id="never below the worst that is open",
        ),
        pytest.param(
            [[WEST], [later(EAST, "resolved", 0, at=3)], [later(WEST, "resolved", 0, at=4)]],
            ["resolved 0"],
            id="resolved when the last one is",
        ),
        pytest.param(
            [[later(EAST, "resolved", 0, at=2)], [alert(entity="region=east", at=3)]],
            ["resolved 0", "opened 2"],
            id="opened anew after the end",
        ),
        pytest.param(
            [[later(EAST, "resolved", 0, at=2), WEST]], [], id="one part follows another in one window"
        ),
        pytest.param([[replace(EAST, grade=4)]], [], id="the same transition again changes nothing"),
        pytest.param([[later(WEST, "resolved", 0, at=2)]], [], id="the end of an alert never seen"),
    ],
)
def test_an_open_incident_is_told_once_per_change(steps: list[list[Alert]], wanted: list[str]) -> None:
    machine = Notify(SETTINGS)
    machine.apply([record(EAST), *passed(1)])
    opened = told(machine)
    seen = []
    for at, alerts in enumerate(steps, start=2):
        machine.apply([*map(record, alerts), *passed(at)])
        seen += told(machine)
    assert [f"{each.transition} {each.grade}" for each in seen] == wanted, summary(seen)
    same = [each for each in seen if each.incident_id == opened[0].incident_id]
    assert [each.sequence for each in same] == list(range(1, len(same) + 1))


def test_a_bad_part_that_joins_is_news_but_a_part_of_a_known_one_is_not() -> None:
    machine = Notify(SETTINGS)
    machine.apply([record(replace(EAST, grade=3)), *passed(1)])
    told(machine)
    machine.apply([record(replace(WEST, grade=3)), *passed(2)])
    assert summary(told(machine)) == [("updated", 3, "orders in 2 regions")]
    machine.apply([record(alert("revenue", "region=west,channel=app", at=3, grade=3)), *passed(3)])
    assert told(machine) == []


def test_a_window_waits_for_all_partitions_and_windows_come_in_order() -> None:
    machine = Notify(SETTINGS)
    machine.apply([record(alert("views", at=2)), *passed(2, partition=0), record(alert())])
    assert not machine.due
    machine.apply(passed(1, partition=1))
    assert [each.title for each in told(machine)] == ["orders"]
    machine.apply(passed(2, partition=1))
    assert [each.title for each in told(machine)] == ["views"]


def test_a_late_alert_of_a_passed_window_is_decided_with_the_next_progress() -> None:
    machine = Notify(SETTINGS)
    machine.apply([*passed(3), record(alert())])
    assert not machine.due
    machine.apply(passed(3, partition=0))
    assert [each.transition for each in told(machine)] == ["opened"]


HOUR_LATE = 60 * MINUTE


def test_what_is_historical_is_silent_but_counted() -> None:
    machine = Notify(SETTINGS)
    past = alert(historical=True)
    over = replace(later(past, "resolved", 0, at=2), historical=True)
    machine.apply([record(past), *passed(1, behind_ms=HOUR_LATE), record(over), *passed(2)])
    assert told(machine) == []
    counts = {
        sample.labels: sample.value for sample in machine.samples() if sample.name == "fenghuo_alerts_total"
    }
    assert counts == {("opened", "2"): 1, ("resolved", "0"): 1}
    assert not [sample for sample in machine.samples() if sample.name == "fenghuo_alert_grade"]


def test_what_is_historical_and_still_open_is_told_when_the_present_is_reached() -> None:
    machine = Notify(SETTINGS)
    machine.apply([record(alert(historical=True)), *passed(1, behind_ms=HOUR_LATE)])
    assert told(machine) == []
    machine.apply(passed(30))
    assert [each.transition for each in told(machine)] == ["opened"]


def test_the_end_of_a_told_incident_is_told_even_if_historical() -> None:
    machine = Notify(SETTINGS)
    end = replace(later(EAST, "resolved", 0, at=2), historical=True)
    machine.apply([record(EAST), *passed(1), record(end), *passed(2, behind_ms=HOUR_LATE)])
    assert [each.transition for each in told(machine)] == ["opened", "resolved"]


def test_a_fault_of_the_pipeline_does_not_wait() -> None:
    fuse = alert("pipeline.fuse", "topic=shop.order.v1", verdict="pipeline", text="Partition 3 is not read.")
    machine = Notify(SETTINGS)
    machine.apply([record(alert()), record(fuse)])
    (only,) = told(machine)
    assert (only.verdict, only.text) == ("pipeline", "Partition 3 is not read.")
    machine.apply([record(later(fuse, "resolved", 0, at=2))])
    assert [each.transition for each in told(machine)] == ["resolved"]


def test_an_acknowledgement_passes_at_once_when_people_know_of_the_incident() -> None:
    machine = Notify(SETTINGS)
    taken = later(alert(), "acknowledged", 2, at=2)
    machine.apply([record(taken), record(alert()), *passed(1), record(taken)])
    assert [each.transition for each in told(machine)] == ["opened", "acknowledged"]


def test_a_notification_says_who_what_and_since_when() -> None:
    (only,) = run(record(alert("revenue")), record(alert("revenue", "region=east")), *passed(1))
    assert only.text == "Revenue fell to 38. Affected: revenue."
    assert (only.owner, only.kind, only.since, only.alerts_total) == ("operations", "revenue", T0, 2)
    assert [member.series for member in only.alerts] == ["revenue", "revenue{region=east}"]
    assert only.idempotency_key == f"{only.incident_id}-0"


@pytest.mark.parametrize(
    "value",
    [b"", b"{}", b"\xff", b"[" * 100_000, b'[0, "x", 1]'],
    ids=["empty", "no fields", "not UTF-8", "nested deeply", "wrong types"],
)
@pytest.mark.parametrize("headers", [(), (("ce_type", progress.CE_TYPE),)], ids=["alert", "progress"])
def test_a_foreign_record_is_counted_and_left(value: bytes, headers: tuple[tuple[str, bytes], ...]) -> None:
    machine = Notify(SETTINGS)
    machine.apply([Record(0, 0, None, value, headers), Record(1, 0, None, None)])
    samples = {sample.name: sample.value for sample in machine.samples()}
    assert samples["fenghuo_alert_records_refused_total"] == 1
    assert not machine.due


def test_too_many_waiting_alerts_decide_the_oldest_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.notify.notify.WAITING_MAX", 2)
    machine = Notify(SETTINGS)
    machine.apply([record(alert("views", at=2)), record(alert()), record(alert("price", at=2))])
    assert [each.title for each in told(machine)] == ["orders"]
    samples = {sample.name: sample.value for sample in machine.samples() if not sample.labels}
    assert (samples["fenghuo_windows_forced_total"], samples["fenghuo_alerts_waiting"]) == (1, 2)


def test_an_incident_keeps_a_bounded_number_of_alerts_and_the_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.notify.incident.ALERTS_MAX", 3)
    machine = Notify(SETTINGS)
    many = [alert("price", f"sku=s{n}", grade=1 + n % 4) for n in range(40)]
    machine.apply([*map(record, many), *passed(1)])
    (only,) = told(machine)
    assert (only.grade, only.alerts_total, {member.grade for member in only.alerts}) == (4, 3, {4})
    samples = {sample.name: sample.value for sample in machine.samples()}
    assert samples["fenghuo_alerts_given_up_total"] == 37


def test_open_alerts_that_people_know_of_are_exported_with_their_grade() -> None:
    machine = Notify(SETTINGS)
    machine.apply([record(alert(grade=4)), record(EAST), *passed(1)])
    grades = {s.labels: s.value for s in machine.samples() if s.name == "fenghuo_alert_grade"}
    assert grades == {
        ("orders", "orders", "", "order_volume", "operations"): 4,
        ("orders", "orders", "region=east", "order_volume", "operations"): 2,
    }
    assert [s.value for s in machine.samples() if s.name == "fenghuo_incidents_total"] == [1]


def a_log(seed: int) -> list[list[Alert]]:
    """Return random alerts' lives, window by window."""
    dice = random.Random(seed)
    entities = ["", "region=east", "region=west", "region=east,channel=app"]
    life: dict[tuple[str, str], Alert] = {}
    windows = []
    for at in range(1, 9):
        window = []
        for key in ((m.name, e) for m in SETTINGS.monitors for e in entities):
            now = life.get(key)
            if now is None and dice.random() < 0.2:
                life[key] = alert(*key, at=at, grade=dice.randint(1, 4), historical=dice.random() < 0.2)
            elif now is not None and dice.random() < 0.5:
                grade = dice.randint(0, 4)
                change: Change = (
                    "resolved" if grade == 0 else "escalated" if grade > now.grade else "downgraded"
                )
                life[key] = later(now, change, grade, at=at)
            else:
                continue
            window.append(life[key])
            if life[key].grade == 0:
                del life[key]
        windows.append(window)
    return windows


def records_of(windows: list[list[Alert]], dice: random.Random) -> list[Record]:
    """Return the log with each window's alerts in random order, before the progress of their partition."""
    log = []
    for at, window in enumerate(windows, start=1):
        for partition in dice.sample(range(PARTITIONS), PARTITIONS):
            own = [each for each in window if hash_of(each) == partition]
            log += [*map(record, dice.sample(own, len(own))), *passed(at, partition)]
    return log


def hash_of(each: Alert) -> int:
    return sum(each.entity.encode()) % PARTITIONS


@given(seed=st.integers(0, 10_000), shuffles=st.tuples(st.integers(0, 99), st.integers(0, 99)))
@settings(max_examples=40, deadline=None)
def test_the_order_within_a_window_does_not_matter(seed: int, shuffles: tuple[int, int]) -> None:
    windows = a_log(seed)
    first, second = (run(*records_of(windows, random.Random(shuffle))) for shuffle in shuffles)
    assert first == second
    assert first


@given(seed=st.integers(0, 10_000), cut=st.floats(0, 1), step=st.integers(1, 7))
@settings(max_examples=40, deadline=None)
def test_batches_and_a_restart_at_any_record_change_nothing(seed: int, cut: float, step: int) -> None:
    log = records_of(a_log(seed), random.Random(seed))
    at = int(cut * len(log))
    machine, seen = Notify(SETTINGS), []
    for start in range(0, at, step):
        machine.apply(log[start : min(start + step, at)])
        seen += told(machine)
    again = Notify(SETTINGS)
    again.restore(machine.snapshot(), machine.metadata())
    assert again.snapshot() == machine.snapshot()
    again.apply(log[at:])
    assert seen + told(again) == run(*log)


def test_a_big_state_is_cut_into_blocks() -> None:
    machine = Notify(SETTINGS)
    machine.apply([record(alert("price", f"sku=s{n}")) for n in range(4000)])
    blocks = machine.snapshot()
    assert len(blocks) > 1
    assert max(map(len, blocks)) <= 512 * 1024
    again = Notify(SETTINGS)
    again.restore(blocks, "")
    assert again.snapshot() == blocks


def test_damaged_state_is_refused() -> None:
    machine = Notify(SETTINGS)
    machine.apply([record(alert()), *passed(1)])
    machine.flush(0, caught_up=True)
    (block,) = machine.snapshot()
    flipped = (block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :] for at in range(len(block)))
    cut = (block[:at] for at in range(len(block)))
    for bad in (*flipped, *cut):
        with pytest.raises(StateRefused):
            Notify(SETTINGS).restore([bad] if bad else [], "")


def test_a_monitor_text_that_cannot_be_filled_is_refused() -> None:
    bad = msgspec.structs.replace(SETTINGS.monitors[0], text=Text(en="{acutal}"))
    with pytest.raises(ValueError, match="acutal"):
        Notify(msgspec.structs.replace(SETTINGS, monitors=[bad]))


@pytest.mark.parametrize(
    ("grade", "transition", "shown"),
    [
        pytest.param(
            4, "opened", "\x1b[31m\x1b[1m● I  \x1b[0m opened       since 06:05  Orders: 62 %", id="red"
        ),
        pytest.param(
            0, "resolved", "\x1b[32m\x1b[1m● II \x1b[0m resolved     since 06:05  Orders: 62 %", id="green"
        ),
    ],
)
def test_an_incident_is_one_line_in_the_terminal(grade: int, transition: Any, shown: str) -> None:
    (only,) = run(record(alert()), *passed(1))
    line = incident_line(
        msgspec.structs.replace(only, grade=grade, peak_grade=grade or 3, transition=transition)
    )
    assert line.startswith(shown)
    assert "\n" not in line


def test_all_samples_are_of_the_catalogue() -> None:
    machine = Notify(SETTINGS)
    machine.apply([record(alert()), *passed(1), Record(0, 0, None, b"?")])
    samples = list(machine.samples())
    assert {s.name: len(s.labels) for s in samples} == {
        s.name: len(CATALOGUE[s.name].labels) for s in samples
    }
    assert len({(s.name, s.labels) for s in samples}) == len(samples)
