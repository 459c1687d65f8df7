"""The budget: what is lowered when people have been told more than they want, and what never is."""

import math
from dataclasses import replace

import pytest

from streams.machine import Record
from streams.notify.budget import DAY_MS, OWED_MAX, Budget, Owed
from streams.notify.notify import Notify
from streams.settings.model import Budget as Target
from streams.settings.model import Kafka, Metric, Monitor, Settings
from tests.streams.notify.test_notify import T0, alert, later, passed, record, told

SETTINGS = Settings(
    kafka=Kafka(partial_partitions=2),
    metrics={f"m{i}": Metric(event="metric", where={"type": f"m{i}"}, mean="value") for i in range(60)},
    monitors=[
        *(Monitor(name=f"m{i}", metric=f"m{i}", kind=f"m{i}") for i in range(58)),
        Monitor(name="m58", metric="m58", detector={"threshold": {"above": {"II": 1}}}, kind="m58"),
        Monitor(name="m59", metric="m59", kind="m59"),
    ],
    budget=Target(pages_a_day=2, warnings_a_day=10),
)
II, III = 12.0, 10.2  # nats at which values have these grades
DAY = DAY_MS // 300_000  # windows


def spent(pages=0, warnings=0, settings=SETTINGS):
    budget = Budget(settings)
    today = T0 // DAY_MS
    budget.spent = {"page": {today - 1: pages}, "warning": {today: warnings}}
    return budget


@pytest.mark.parametrize(
    ("pages", "warnings", "owed"),
    [
        pytest.param(14, 70, Owed(), id="as much as wanted"),
        pytest.param(28, 0, Owed(page=math.log(2)), id="twice the pages"),
        pytest.param(0, 210, Owed(warning=math.log(3)), id="three times the warnings"),
        pytest.param(9999, 0, Owed(page=OWED_MAX), id="no more than three nats"),
    ],
)
def test_what_a_new_incident_owes_follows_what_was_told(pages, warnings, owed):
    assert spent(pages, warnings).owed(T0) == pytest.approx(owed)


def test_without_a_target_nothing_is_owed():
    free = replace_budget(pages_a_day=None)
    assert spent(9999, 0, free).owed(T0) == Owed()


def replace_budget(**targets):
    return Settings(metrics=SETTINGS.metrics, monitors=SETTINGS.monitors, budget=Target(**targets))


def test_what_was_told_a_week_ago_is_forgotten():
    budget = spent(28)
    assert budget.owed(T0 + 5 * DAY_MS).page > 0
    assert budget.owed(T0 + 6 * DAY_MS).page == 0


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        pytest.param({"grade": 3, "score": II + 1.1}, 3, id="it shows what is owed"),
        pytest.param({"grade": 3, "score": II + 0.9}, 2, id="it does not"),
        pytest.param({"grade": 2, "score": III + 0.4}, 1, id="a warning owes less"),
        pytest.param({"grade": 2, "score": III + 0.6}, 2, id="and shows it"),
        pytest.param({"grade": 1, "score": 8.7}, 1, id="grade IV has nowhere to go"),
        pytest.param({"grade": 4, "score": 14.6}, 4, id="grade I is never lowered"),
        pytest.param({"grade": 3, "score": II, "monitor": "m58"}, 3, id="a bound that people have set"),
        pytest.param({"grade": 3, "score": 0.0, "verdict": "pipeline"}, 3, id="a fault of the pipeline"),
        pytest.param({"grade": 3, "score": II, "monitor": "gone"}, 3, id="a monitor that is no more"),
    ],
)
def test_what_does_not_show_what_is_owed_is_told_one_grade_lower(changes, grade):
    weighed = Budget(SETTINGS).weighed(alert(**{"monitor": "m1", **changes}), Owed(page=1.0, warning=0.5))
    assert weighed.grade == grade


def log_of(windows):
    """Return the records of alerts by number of their window."""
    log = []
    for at, alerts in sorted(windows.items()):
        log += [*map(record, alerts), *passed(at)]
    return log


def grades(windows, machine=None):
    """Return the grades at which incidents were opened."""
    machine = machine or Notify(SETTINGS)
    machine.apply(log_of(windows))
    return [one.grade for one in told(machine) if one.transition == "opened"]


def weak(monitor, at, **changes):
    return alert(monitor, at=at, **{"kind": monitor, "grade": 3, "score": II + 0.2, **changes})


def test_pages_that_hardly_are_some_are_listed_lower_once_too_many_were_told():
    week = {1 + i * DAY // 10: [weak(f"m{i}", 1 + i * DAY // 10)] for i in range(50)}
    found = grades(week)
    assert len(found) == 50  # nothing is silent
    assert found[:14] == [3] * 14
    assert found[20:] == [2] * 30


def test_a_burst_of_true_incidents_is_told_as_it_is():
    burst = {1: [weak(f"m{i}", 1, score=II + 8) for i in range(50)]}
    assert grades(burst) == [3] * 50
    machine = Notify(SETTINGS)
    assert grades(burst, machine) == [3] * 50
    assert grades({9: [weak("m59", 9, score=II + 8)]}, machine) == [3]


def test_a_burst_after_a_quiet_week_is_not_even_asked_for_more():
    assert grades({1: [weak(f"m{i}", 1) for i in range(14)]}) == [3] * 14


def test_grade_i_and_bounds_cost_nothing():
    machine = Notify(SETTINGS)
    worst = {1: [weak(f"m{i}", 1, grade=4, score=30) for i in range(50)]}
    assert grades(worst, machine) == [4] * 50
    assert grades({2: [weak("m58", 2), weak("m59", 2)]}, machine) == [3, 3]
    assert shown(machine)["fenghuo_budget_spent", "page"] == pytest.approx(1 / 7)


def shown(machine):
    return {(s.name, *s.labels): s.value for s in machine.samples() if "budget" in s.name}


def overspent():
    machine = Notify(SETTINGS)
    grades({1: [weak(f"m{i}", 1) for i in range(40)]}, machine)
    return machine


def test_what_is_spent_and_what_was_lowered_is_shown():
    machine = overspent()
    assert grades({2: [weak("m59", 2)]}, machine) == [2]
    assert shown(machine) == {
        ("fenghuo_budget_spent", "page"): pytest.approx(40 / 7),
        ("fenghuo_budget_spent", "warning"): pytest.approx(1 / 7),
        ("fenghuo_budget_lowered_total",): 1,
    }
    machine.apply(passed(2 + 8 * DAY))
    assert shown(machine)["fenghuo_budget_spent", "page"] == 0


def test_what_gets_worse_is_told_as_it_is():
    machine = overspent()
    lowered = weak("m59", 2)
    assert grades({2: [lowered]}, machine) == [2]
    worse = replace(later(lowered, "escalated", 4, at=3), score=15.0)
    machine.apply(log_of({3: [worse]}))
    assert [(one.transition, one.grade) for one in told(machine)] == [("escalated", 4)]
    grade = [s.value for s in machine.samples() if s.name == "fenghuo_alert_grade" and s.labels[0] == "m59"]
    assert grade == [4]


def test_an_incident_that_goes_up_and_down_is_spent_once():
    machine = Notify(SETTINGS)
    first = weak("m1", 1)
    steps = [first]
    for at, change, grade in ((2, "downgraded", 2), (3, "escalated", 3), (4, "downgraded", 1)):
        steps.append(replace(later(steps[-1], change, grade, at=at), score=13.0))
    grades({at: [step] for at, step in enumerate(steps, 1)}, machine)
    assert {name: dict(days) for name, days in machine._casebook.budget.spent.items()} == {
        "page": {T0 // DAY_MS: 1},
        "warning": {},
    }


def test_the_budget_is_the_same_after_a_restart():
    machine, again = overspent(), Notify(SETTINGS)
    again.restore(machine.snapshot(), "")
    assert again.snapshot() == machine.snapshot()
    log: list[Record] = log_of({2: [weak("m59", 2)], 3: [weak("m58", 3)]})
    for one in (machine, again):
        one.apply(log)
    assert told(again) == told(machine)
    assert shown(again) == shown(machine)
