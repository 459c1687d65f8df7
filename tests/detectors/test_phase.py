"""Phase: what a row may say by how long it has looked; a series' first weeks, as people see them."""

from functools import cache

import numpy as np
import pytest

from detectors.bank import Bank, Window
from detectors.columns import Column, Columns
from detectors.jump import Jump
from detectors.novelty import Novelty
from detectors.phase import COLD, GROWN_S, PHASES, READY, SHAPE, WARMING, WEEK, grown, phases_of
from detectors.restatement import restate
from detectors.rule import Rule
from detectors.seasonal import Seasonal
from detectors.silence import Silence
from detectors.table import Context
from detectors.threshold import Threshold
from tests.detectors.rows import CUTS, Echo, bank_of, changes, judge

DAY_S = 86_400.0
STEP_S = 600
WINDOWS_A_DAY = 144
DAYS = 16
BUSY = 40.0
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


@pytest.mark.parametrize(
    ("familiar", "weekday", "days", "phase"),
    [
        pytest.param(SHAPE, TUE, 0.9, COLD, id="not a day yet"),
        pytest.param(SHAPE, TUE, 1.0, WARMING, id="a working day after another one"),
        pytest.param(SHAPE, SAT, 5.5, COLD, id="the first Saturday"),
        pytest.param(SHAPE, SAT, 7.0, WARMING, id="the second Saturday"),
        pytest.param(SHAPE, MON, 7.9, COLD, id="a Monday after the first weekend"),
        pytest.param(SHAPE, MON, 8.0, WARMING, id="a Monday after the second one"),
        pytest.param(SHAPE, MON, 14.0, READY, id="two weeks"),
        pytest.param(WEEK, WED, 6.9, COLD, id="sizes take a week"),
        pytest.param(WEEK, WED, 7.0, WARMING, id="sizes after a week"),
    ],
)
def test_a_row_is_cold_until_it_has_seen_such_a_day(familiar, weekday, days, phase):
    said = np.array([False])
    got = phases_of(said, np.array([days * DAY_S]), weekday * DAY_S + 3_600, familiar)
    assert got.tolist() == [phase]


def test_a_row_without_a_score_is_cold_however_old_it_is():
    assert phases_of(np.array([True]), np.array([GROWN_S]), 0.0, WEEK).tolist() == [COLD]


@pytest.mark.parametrize(
    ("age_s", "since_ms", "end_ms", "expected"),
    [
        pytest.param(0, 0, 10**12, 0, id="the first window"),
        pytest.param(300, 10**12, 10**12 + 300_000, 600, id="the next one"),
        pytest.param(300, 10**12, 10**12 + 90 * 86_400_000, 300 + DAY_S, id="months without data"),
        pytest.param(GROWN_S, 10**12, 10**12 + 300_000, GROWN_S, id="enough"),
    ],
)
def test_experience_is_time_that_was_looked_at(age_s, since_ms, end_ms, expected):
    assert grown(np.array([age_s]), np.array([since_ms]), end_ms).tolist() == [expected]


class Careful(Echo):
    CAUTIOUS = True


def test_a_cold_row_is_listed_and_pages_nobody_until_a_week_has_passed():
    bank, (rows,) = bank_of(Rule("m", CUTS, resolve_after=1), table=Careful())
    week = 7 * 288
    grades = {}
    for number in (0, 1, *range(100, week, 288), week + 288, week + 400):
        grades[number] = judge(bank, rows, [130], number).grade[0]
        judge(bank, rows, [100], number + 1)
    assert [grade for number, grade in grades.items() if number < week] == [1] * 9
    assert grades[week + 400] == 4


def test_what_was_told_keeps_its_grade_on_a_day_that_is_not_familiar():
    bank, (rows,) = bank_of(Rule("m", CUTS), table=Careful())
    bank.members["age_s"][rows] = GROWN_S
    assert judge(bank, rows, [130], 0).grade.tolist() == [4]
    bank.members["age_s"][rows] = 0
    assert [judge(bank, rows, [130], number).grade[0] for number in range(1, 9)] == [4] * 8


def test_a_window_judged_again_does_not_page_for_a_cold_row_either():
    bank, (rows,) = bank_of(Rule("m", CUTS), table=Careful())
    kept = judge(bank, rows, [100])
    again = restate(bank, kept, np.array([0]), np.array([130.0]), np.array([130.0]), latest=True)
    assert (changes(again), again.grade.tolist()) == (["opened"], [1])


@pytest.mark.parametrize(
    ("table", "values", "phase", "grade"),
    [
        pytest.param(Threshold("count", CUTS, above={"I": 9}), [99], READY, 4, id="a bound speaks at once"),
        pytest.param(Silence("count"), [5] * 400 + [0] * 40, READY, 3, id="a feed that stops, on day two"),
        pytest.param(Jump("value"), [5] * 20 + [5000], COLD, 1, id="a price, on its first day"),
        pytest.param(
            Novelty("value"), [*range(200), 9e4], COLD, 1, id="a value never seen, on the first day"
        ),
    ],
)
def test_what_people_have_set_pages_at_once_and_what_is_learned_does_not(table, values, phase, grade):
    bank = Bank(table, [Rule("m", CUTS)])
    rows = bank.admit(0, 1)
    for number, value in enumerate(values):
        grades = judge(bank, rows, [value], number).grade.tolist()
    assert (bank.members["phase"][rows].tolist(), grades) == ([phase], [grade])


def test_rows_from_before_there_were_phases_speak_as_they_did():
    class Old(Columns):
        NAME = "membership"

        def __init__(self):
            kept = {"rule": Column(np.int16), "volume": Column(np.float32), "seen": Column(np.int32)}
            super().__init__(kept)

    old = Old()
    data = old.dump(old.add(3))
    bank = Bank(Careful(), [Rule("m", CUTS)])
    rows = bank.members.load(data)
    assert bank.table.add(3).tolist() == bank.life.add(3).tolist() == rows.tolist()
    assert bank.members["phase"][rows].tolist() == [READY] * 3
    assert judge(bank, rows, [130] * 3).grade.tolist() == [4] * 3


# -- the first weeks of a shop that opens on a Monday

FAULTS = {  # day, hour, hours, share that is left
    "nothing": (99, 0, 0, 1.0),
    "outage on the first evening": (0, 19, 2, 0.0),
    "outage on Tuesday": (1, 19, 2, 0.0),
    "outage on the first Saturday": (5, 15, 2, 0.0),
    "fall on Thursday": (3, 15, 4, 0.6),
    "outage on the second Saturday": (12, 15, 2, 0.0),
    "fall on the third Tuesday": (15, 15, 4, 0.6),
}


def usual(window):
    """Orders in ten minutes: quiet nights, an evening peak, a third more at weekends, later in the day."""
    day, hour = divmod(window * STEP_S / 3600, 24)
    weekend = int(day) % 7 >= SAT
    wave = np.sin((hour - (11 if weekend else 10)) / 24 * 2 * np.pi)
    return BUSY * (1 + 0.6 * wave) * (1.3 if weekend else 1)


@cache
def first_weeks():
    """Return the grade of each window (window, fault), and the phases at each midnight."""
    bank = Bank(Seasonal("count"), [Rule("m", CUTS, direction="down", relative_min=0.2)])
    rows, chance, grades, phases = bank.admit(0, len(FAULTS)), np.random.default_rng(7), [], []
    for window in range(DAYS * WINDOWS_A_DAY):
        left = [
            share if day * 24 + hour <= window * STEP_S / 3600 < day * 24 + hour + hours else 1.0
            for day, hour, hours, share in FAULTS.values()
        ]
        values = chance.poisson(usual(window) * np.array(left)).astype(float)
        at = Window(window * STEP_S * 1000, (window + 1) * STEP_S * 1000)
        context = Context(float(STEP_S), window * STEP_S % 604_800.0)
        grades.append(bank.judge(rows, values, values, context, at).grade)
        phases.append(bank.members["phase"][rows].copy())
    return np.array(grades), np.array(phases)[WINDOWS_A_DAY - 1 :: WINDOWS_A_DAY]


@pytest.mark.parametrize(
    ("fault", "least", "worst"),
    [
        pytest.param("outage on the first evening", 1, 1, id="day 1: an outage is listed"),
        pytest.param("outage on Tuesday", 3, 4, id="day 2: an outage pages"),
        pytest.param("fall on Thursday", 1, 4, id="day 4: the shape of the day is known"),
        pytest.param("outage on the first Saturday", 1, 1, id="the first weekend: an outage is listed"),
        pytest.param("outage on the second Saturday", 3, 4, id="week 2: the shape of the week is known"),
        pytest.param("fall on the third Tuesday", 3, 4, id="week 3: smaller falls page"),
    ],
)
def test_what_is_found_in_the_first_weeks(fault, least, worst):
    day, hour, hours, _ = FAULTS[fault]
    start = (day * 24 + hour) * 6
    told = first_weeks()[0][start : start + hours * 6, list(FAULTS).index(fault)].max()
    assert least <= told <= worst


def test_a_shop_that_opens_pages_nobody_for_nothing():
    assert first_weeks()[0][:, 0].max() <= 1


def test_the_phases_of_the_first_weeks():
    midnights = [PHASES[phase] for phase in first_weeks()[1][:, 0]]
    assert midnights[:1] + midnights[5:8] == ["cold"] * 4
    assert set(midnights[1:5] + midnights[8:14]) <= {"warming", "frozen"}
    assert set(midnights[14:]) <= {"ready", "frozen"}


def test_a_row_in_which_something_strange_goes_on_is_frozen():
    table = Seasonal("count")
    bank = Bank(table, [Rule("m", CUTS)])
    rows = bank.admit(0, 3)
    bank.members["age_s"][rows] = GROWN_S
    for window in range(80):
        judge(bank, rows, 40.0 + np.array([window % 5, window % 7, 0]), window)
    table["strange"][rows[1]] = 1
    judge(bank, rows, [40, 40, 40], 80)
    assert [PHASES[phase] for phase in bank.members["phase"][rows]] == ["warming", "frozen", "frozen"]
