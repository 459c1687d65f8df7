from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from detectors.alert import Change
from streams.drift import Drifted
from streams.kafka.episode import Episode, choose, drift_row, fold, to_row
from tests.sinks.alerts import alert

T0 = 1_700_000_000_000  # 2023-11-14 22:13:20 UTC
HOUR = 3_600_000
ALERT = alert(
    alert_id="a",
    monitor="orders by region",
    grade=2,
    window_start_ms=T0,
    window_end_ms=T0 + HOUR,
    since_ms=T0,
    actual=12.0,
    expected=1234.5,
    lower=None,
    upper=None,
    score=12.0,
    text="Orders in region east are far below what is usual.",
)


def episode(alert_id: str, grade: int, *, worst: int = 0, change: Change = "opened", at: int = 0) -> Episode:
    state = replace(
        ALERT, alert_id=alert_id, grade=grade, transition=change, since_ms=T0 + at, window_end_ms=T0 + at
    )
    return Episode(state, b"", max(grade, worst))


def test_transitions_of_one_alert_become_its_newest_state_and_worst_grade() -> None:
    changes = [
        ALERT,
        replace(ALERT, transition="escalated", sequence=1, grade=4),
        replace(ALERT, alert_id="b"),
        replace(ALERT, transition="resolved", sequence=2, grade=0),
    ]
    first, second = fold((alert, str(alert.sequence).encode()) for alert in changes)
    assert (first.alert.transition, first.value, first.worst, first.is_open) == ("resolved", b"2", 4, False)
    assert (second.alert.alert_id, second.worst, second.is_open) == ("b", 2, True)


def test_open_come_first_then_the_worst_then_the_newest() -> None:
    listed = [
        episode("over", 0, worst=4, change="resolved", at=9),
        episode("mild", 1),
        episode("old", 3),
        episode("new", 3, at=5),
    ]
    assert [one.alert.alert_id for one in choose(listed, 1, everything=False)] == [
        "new",
        "old",
        "mild",
        "over",
    ]


@pytest.mark.parametrize(
    ("everything", "names"), [(False, {"open", "recent"}), (True, {"open", "recent", "long over"})], ids=str
)
def test_what_was_resolved_long_ago_is_left_out(everything: bool, names: set[str]) -> None:
    listed = [
        episode("long over", 0, worst=2, change="resolved", at=0),
        episode("recent", 0, worst=2, change="resolved", at=2 * HOUR),
        episode("open", 2, at=25 * HOUR),
    ]
    assert {one.alert.alert_id for one in choose(listed, 1, everything=everything)} == names


def test_a_grade_keeps_what_was_as_bad_in_its_worst_moment() -> None:
    listed = [episode("mild", 2), episode("was red", 0, worst=4, change="resolved")]
    assert [one.alert.alert_id for one in choose(listed, 3, everything=True)] == ["was red"]


def test_an_episode_withdrawn_by_a_restatement_is_not_open() -> None:
    assert not episode("a", 0, change="restated").is_open


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param(
            {},
            "III   open         2023-11-15 06:13   1h00m           12     1,234.5  "
            "orders{region=east} (orders by region)",
            id="open",
        ),
        pytest.param(
            {
                "transition": "acknowledged",
                "window_end_ms": T0 + 60 * HOUR,
                "expected": None,
                "historical": True,
            },
            "III   acknowledged 2023-11-15 06:13   2d12h           12           -  "
            "orders{region=east} (orders by region) historical",
            id="acknowledged",
        ),
        pytest.param(
            {"transition": "resolved", "grade": 0, "window_end_ms": T0 + HOUR // 12, "entity": ""},
            "II    resolved     2023-11-15 06:13      5m           12     1,234.5  orders (orders by region)",
            id="resolved: its worst grade",
        ),
    ],
)
def test_a_row(changes: dict[str, object], line: str) -> None:
    alert = replace(ALERT, **changes)  # type: ignore[arg-type]
    worst = 3 if alert.transition == "resolved" else alert.grade
    row, text = to_row(Episode(alert, b"", worst), ZoneInfo("Asia/Shanghai")).split("\n")
    assert row == line
    assert text.strip() == ALERT.text


@pytest.mark.parametrize(
    ("by", "before", "after", "said"),
    [
        ((), 0.5, 2.25, "2023-11-14 22:13  orders by whole shop in windows of 5m: stranger, 0.5 -> 2.25"),
        (("channel", "region"), 2, 1, "orders by channel+region in windows of 5m: calmer, 2 -> 1"),
    ],
)
def test_a_drift_is_a_line(by: tuple[str, ...], before: float, after: float, said: str) -> None:
    drifted = Drifted(
        monitor="orders",
        by=by,
        window=300_000,
        partition=0,
        since=T0 - HOUR,
        end=T0,
        before=before,
        after=after,
    )
    assert said in drift_row(drifted, ZoneInfo("UTC"))
