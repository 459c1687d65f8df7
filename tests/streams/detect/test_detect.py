"""Detect through the real ingest: which windows close, what they hold, what is told."""

import datetime as dt

import pytest

from detectors.alert import alert_id_of
from streams.detect.assembly import Refused
from streams.detect.detect import Detect
from streams.detect.frontier import HoleInLog
from streams.machine import Record
from streams.partial import PartialRefused
from tests.streams.chain import (
    CLICKS,
    COUNT,
    DAY_MS,
    FIVE_MS,
    HOUR_MS,
    MINUTE_MS,
    START,
    Chain,
    event,
    limits,
    settings_of,
    spread,
    told,
)


def orders(detector=None, **monitor):
    name = monitor.pop("name", "orders")
    return {"name": name, "metric": "orders", "detector": detector or limits(10), **monitor}


def shop(*monitors, metrics=None, **sections):
    return Chain(settings_of(metrics or {"orders": COUNT}, monitors or (orders(),), **sections))


def at(text):
    return int(dt.datetime.fromisoformat(text).timestamp() * 1000)


# -- episodes


def test_an_episode_is_told_from_its_opening_to_its_end():
    chain = shop()
    for i, n in enumerate([5, 12, 25, 45, 3, 0]):
        chain.feed(spread(n, START + i * FIVE_MS))
    chain.feed([event("end", START + 7 * FIVE_MS)])
    assert told(chain.alerts) == [
        (10, "opened", 1),
        (15, "escalated", 2),
        (20, "escalated", 4),
        (25, "resolved", 0),
    ]
    assert [a.sequence for a in chain.alerts] == [0, 1, 2, 3]
    assert {a.alert_id for a in chain.alerts} == {
        alert_id_of("shop", "orders", "orders", START + 2 * FIVE_MS)
    }
    assert [a.actual for a in chain.alerts] == [12, 25, 45, 3]


def test_the_id_is_that_of_the_window_that_opened_and_a_new_episode_has_a_new_one():
    chain = shop(orders(by=[["region"]], persistence=2))
    for i, n in enumerate([12, 12, 1, 12, 12]):
        chain.feed(spread(n, START + i * FIVE_MS, region="n,o={r}th"))
    chain.feed([event("end", START + 6 * FIVE_MS)])
    series = "orders{region=n%2Co%3D%7Br%7Dth}"
    assert [(a.transition, a.alert_id) for a in chain.alerts if a.transition == "opened"] == [
        ("opened", alert_id_of("shop", "orders", series, START + end * FIVE_MS)) for end in (2, 5)
    ]
    assert chain.alerts[0].since_ms == START
    assert chain.values[0].count(b'"dimensions":{"region":"n,o={r}th"}') == 1


# -- silence


def test_a_count_series_observes_nothing_as_zero():
    chain = shop(orders(limits(0.5, below=True), by=[["region"]]))
    chain.feed(spread(5, START, region="north"))
    alerts = chain.feed([event("south", START + 2 * FIVE_MS, region="south")])
    assert [(a.entity, a.actual, a.window_end_ms) for a in alerts] == [
        ("region=north", 0, START + 2 * FIVE_MS)
    ]


def test_a_series_is_watched_from_the_window_of_its_first_event_on():
    chain = shop(orders(limits(0.5, below=True), by=[["region"]]))
    chain.feed(spread(5, START, region="north"))
    chain.feed([event("s", START + 5 * FIVE_MS, region="south")])
    assert {a.entity for a in chain.alerts} == {"region=north"}


def test_total_silence_closes_windows():
    chain = shop(orders(limits(0.5, below=True)))
    chain.feed(spread(5, START))
    assert chain.wait(FIVE_MS - 1) == []
    assert told(chain.wait(2 * FIVE_MS)) == [(10, "opened", 4)]


def test_total_silence_closes_none_in_replay():
    chain = shop(orders(limits(0.5, below=True)), time={"replay": True})
    chain.feed(spread(5, START))
    assert chain.wait(DAY_MS // 10) == []


def test_the_end_of_a_log_closes_a_window_that_is_nearly_whole_but_no_half_one():
    whole, half = shop(orders(limits(50, below=True))), shop(orders(limits(50, below=True)))
    for chain, minutes in ((whole, 4.6), (half, 2.5)):
        chain.feed(spread(60, START))
        end = START + FIVE_MS + int(minutes * MINUTE_MS)
        chain.feed([event("last", end)])
        chain.detects[0].finish(end)
        chain.take(chain.detects[0].flush(end, caught_up=True))
    assert [told(chain.alerts) for chain in (whole, half)] == [[(10, "opened", 4)], []]


# -- what a window holds


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        pytest.param({"sum": "amount"}, 10.0, id="sum"),
        pytest.param({"mean": "amount"}, 2.5, id="mean"),
        pytest.param({"min": "amount"}, -1.5, id="min"),
        pytest.param({"max": "amount"}, 7.25, id="max"),
        pytest.param({"last": "amount"}, 4.25, id="last, by event time"),
        pytest.param({"distinct": "user_id"}, 3.0, id="distinct"),
        pytest.param({"count": True}, 5.0, id="count"),
    ],
)
def test_a_window_holds_what_its_events_come_to(metric, expected):
    detector = {"threshold": {"above": {"IV": 1e6}}}
    chain = shop(
        {"name": "m", "metric": "m", "by": [["region"]], "detector": detector},
        metrics={"m": {"event": "order", **metric}},
    )
    rows = [(0, 0.0, "a"), (70, 7.25, "b"), (290, 4.25, "b"), (140, -1.5, "c"), (200, None, "c")]
    for i, (second, amount, user) in enumerate(rows):
        fields = {} if amount is None else {"amount": amount}
        chain.feed([event(f"e{i}", START + second * 1000, user_id=user, region="n", **fields)])
    chain.feed([event("end", START + FIVE_MS, region="s", amount=0.0)])
    assert chain.shown()["m", "region=n"] == pytest.approx(expected, rel=0.02)


def test_a_value_without_events_is_missing_not_zero():
    chain = shop(
        {"name": "m", "metric": "m", "detector": {"threshold": {"below": {"IV": 1.0}}}},
        metrics={"m": {"event": "order", "mean": "amount"}},
    )
    chain.feed([event("a", START, amount=5.0), event("b", START + 3 * FIVE_MS, amount=5.0)])
    chain.feed([event("c", START + 5 * FIVE_MS)])
    assert chain.alerts == []
    assert chain.shown("fenghuo_value") == {("m", ""): 5.0}


def test_a_ratio_meets_its_denominator_from_another_topic():
    rate = {"ratio": ["orders", "clicks"], "unit": ""}
    chain = shop(
        {"name": "rate", "metric": "rate", "by": [["channel"]], "detector": limits(0.1, below=True)},
        metrics={"orders": COUNT, "clicks": CLICKS, "rate": rate},
    )
    chain.feed(spread(2, START, channel="app"))
    chain.feed(spread(40, START, channel="app", type="view"), "click")
    chain.feed(spread(3, START, channel="web"))
    assert chain.feed([event("o", START + FIVE_MS)]) == []  # clicks have not passed the window's end
    (alert,) = chain.feed([event("c", START + FIVE_MS, type="view")], "click")
    assert (alert.entity, alert.actual, alert.exposure, alert.grade) == ("channel=app", 0.05, 40.0, 2)
    assert chain.shown() == {("rate", "channel=app"): 0.05}  # without exposure there is no ratio


def test_a_monitor_does_not_wait_for_topics_it_does_not_draw_on():
    chain = shop(metrics={"orders": COUNT, "clicks": CLICKS})
    chain.feed([event("c", START, type="view")], "click")
    chain.feed(spread(12, START))
    assert told(chain.feed([event("o", START + FIVE_MS)])) == [(5, "opened", 1)]


def test_hopping_windows_are_judged_once_a_hop():
    chain = shop(orders(limits(10), window="15m", hop="5m"))
    for i, n in enumerate([2, 4, 6, 8, 0, 0]):
        chain.feed(spread(n, START + i * FIVE_MS))
    chain.feed([event("end", START + 6 * FIVE_MS)])
    assert told(chain.alerts) == [(15, "opened", 1), (30, "resolved", 0)]
    first, last = chain.alerts
    assert (first.window_start_ms, first.actual) == (START, 12)
    assert (last.window_start_ms, last.actual) == (START + 3 * FIVE_MS, 8)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param("Asia/Shanghai", "2026-03-02T00:00+08:00", 24, id="Shanghai"),
        pytest.param("Europe/Berlin", "2026-03-29T00:00+01:00", 23, id="Berlin, clocks go forward"),
        pytest.param("Europe/Berlin", "2026-10-25T00:00+02:00", 25, id="Berlin, clocks go back"),
    ],
)
def test_a_day_is_the_shop_s_day(zone, day, hours):
    chain = shop(orders(limits(hours - 0.5), window="1d"), time={"timezone": zone})
    start = at(day)
    chain.feed([event(f"e{h}", start + h * HOUR_MS) for h in range(-3, hours + 1)])
    (alert,) = chain.alerts
    assert (alert.window_start_ms, alert.window_end_ms) == (start, start + hours * HOUR_MS)
    assert alert.actual == hours


def test_auto_speaks_from_the_window_in_which_there_is_enough_to_count():
    chain = shop(orders({"threshold": {"above": {"IV": 0.5}}}, by=[["channel"]], window="auto"))
    for hour in range(49):
        events = spread(300, START + hour * HOUR_MS, HOUR_MS, "b", channel="big")
        events += spread(24, START + hour * HOUR_MS, HOUR_MS, "m", channel="middling")
        events += spread(1, START + hour * HOUR_MS, HOUR_MS, "s", channel="small")
        chain.feed(sorted(events, key=lambda e: e["event_time"]))
    spoke = {(a.entity, (a.window_end_ms - a.window_start_ms)) for a in chain.alerts}
    assert spoke == {
        ("channel=big", FIVE_MS),
        ("channel=middling", HOUR_MS),
        ("channel=small", DAY_MS),
    }
    assert chain.shown() == {
        ("orders", "channel=big"): 25,
        ("orders", "channel=middling"): 24,
        ("orders", "channel=small"): 24,
    }


# -- who is watched


def test_a_monitor_looks_at_each_set_of_dimensions():
    chain = shop(orders(limits(2), by=[[], ["region"], ["region", "channel"]]))
    for i, (region, channel) in enumerate([("n", "app"), ("n", "web"), ("n", "web"), ("s", "web")]):
        chain.feed([event(f"e{i}", START + i, region=region, channel=channel)])
    chain.feed([event("bare", START + 9)])
    chain.feed([event("end", START + FIVE_MS)])
    assert chain.shown() == {
        ("orders", ""): 5,
        ("orders", "region=n"): 3,
        ("orders", "region=s"): 1,
        ("orders", "channel=app,region=n"): 1,
        ("orders", "channel=web,region=n"): 2,
        ("orders", "channel=web,region=s"): 1,
    }
    assert [a.entity for a in chain.alerts] == ["", "region=n", "channel=web,region=n"]


def test_only_leaves_out_the_rest():
    chain = shop(orders(limits(1), by=[["region"]], only={"region": ["n", "x"]}))
    chain.feed([event(f"e{i}", START + i, region=r) for i, r in enumerate("nsnw")])
    chain.feed([event("end", START + FIVE_MS)])
    assert chain.shown() == {("orders", "region=n"): 2}


def test_series_beyond_the_limit_are_one_called_other():
    chain = shop(orders(limits(100), by=[["region"]]), limits={"series": 2})
    chain.feed([event(f"e{i}", START + i, region=r) for i, r in enumerate("abcdca")])
    chain.feed([event("end", START + FIVE_MS)])
    assert chain.shown() == {("orders", "region=a"): 2, ("orders", "region=b"): 1, ("orders", "other"): 3}


# -- late events


def late(n, start, tag="late"):
    return spread(n, start, MINUTE_MS, tag)


def test_late_events_before_an_episode_tell_nothing():
    chain = shop()
    chain.feed(spread(5, START))
    chain.feed(spread(5, START + FIVE_MS))
    chain.feed(spread(12, START + 2 * FIVE_MS))
    (opened,) = chain.feed([event("x", START + 3 * FIVE_MS)])
    assert chain.feed(late(3, START + FIVE_MS)) == []
    assert opened.transition == "opened"


def test_late_events_in_an_episode_restate_it_under_its_id():
    chain = shop()
    chain.feed(spread(12, START))
    (opened,) = chain.feed([event("x", START + FIVE_MS)])
    (restated,) = chain.feed(late(15, START + MINUTE_MS))
    assert (restated.transition, restated.grade, restated.sequence, restated.actual) == ("restated", 2, 1, 27)
    assert restated.alert_id == opened.alert_id
    assert (restated.window_start_ms, restated.window_end_ms) == (START, START + FIVE_MS)


def test_a_drop_that_was_only_late_events_is_withdrawn():
    chain = shop(orders(limits(10, below=True)))
    chain.feed(spread(12, START))
    chain.feed(spread(4, START + FIVE_MS))
    (opened,) = chain.feed([event("x", START + 2 * FIVE_MS)])
    (withdrawn,) = chain.feed(late(7, START + FIVE_MS + MINUTE_MS))
    assert (withdrawn.transition, withdrawn.grade, withdrawn.actual) == ("restated", 0, 11)
    assert (withdrawn.alert_id, withdrawn.sequence) == (opened.alert_id, 1)
    chain.feed(spread(12, START + 2 * FIVE_MS, tag="y"))
    assert chain.feed([event("z", START + 3 * FIVE_MS)]) == []


def test_late_events_open_an_alert_in_the_last_window():
    chain = shop()
    chain.feed(spread(5, START))
    chain.feed([event("x", START + FIVE_MS)])
    (opened,) = chain.feed(late(9, START))
    assert told([opened]) == [(5, "opened", 1)]
    assert opened.alert_id == alert_id_of("shop", "orders", "orders", START + FIVE_MS)


def test_late_events_after_an_episode_leave_it_ended():
    chain = shop()
    for i, n in enumerate([12, 3, 3]):
        chain.feed(spread(n, START + i * FIVE_MS))
    chain.feed([event("x", START + 3 * FIVE_MS)])
    assert told(chain.alerts) == [(5, "opened", 1), (10, "resolved", 0)]
    assert chain.feed(late(2, START + FIVE_MS)) == []


@pytest.mark.parametrize(
    ("windows", "kept"),
    [pytest.param(3, True, id="within"), pytest.param(6, False, id="beyond")],
)
def test_a_window_is_restated_within_the_time_given_and_else_counted_as_too_late(windows, kept):
    chain = shop()
    chain.feed(spread(12, START))
    for i in range(1, windows):
        chain.feed(spread(12, START + i * FIVE_MS))
    chain.feed([event("x", START + windows * FIVE_MS)])
    assert len(chain.feed(late(2, START))) == kept
    too_late = [s.value for s in chain.detects[0].samples() if s.name == "fenghuo_too_late_total"]
    assert sum(too_late) == (0 if kept else 1)


def test_late_events_of_a_day_that_is_long_over_are_counted_as_too_late():
    chain = shop(orders(limits(10), window="1d"))
    chain.feed([event("a", START), event("b", START + DAY_MS + HOUR_MS)])
    assert chain.feed(late(20, START + HOUR_MS)) == []
    too_late = [s.value for s in chain.detects[0].samples() if s.name == "fenghuo_too_late_total"]
    assert sum(too_late) == 1


def test_what_one_series_gets_late_does_not_take_the_others_off_the_metrics():
    chain = shop(orders(by=[["region"]]))
    chain.feed([event(f"{r}{i}", START + i, region=r) for i in range(5) for r in "ns"])
    chain.feed([event("x", START + FIVE_MS, region="n")])
    assert [a.entity for a in chain.feed(spread(9, START, MINUTE_MS, "late", region="n"))] == ["region=n"]
    assert chain.shown() == {("orders", "region=n"): 14, ("orders", "region=s"): 5}


# -- old and broken logs


@pytest.mark.parametrize(
    ("delay", "historical"), [pytest.param(MINUTE_MS, False, id="live"), pytest.param(DAY_MS, True, id="old")]
)
def test_alerts_about_what_is_long_over_are_historical(delay, historical):
    chain = shop()
    chain.feed(spread(12, START), arrived=START + FIVE_MS + delay)
    (alert,) = chain.feed([event("x", START + FIVE_MS)], arrived=START + FIVE_MS + delay)
    assert alert.historical == historical
    assert alert.lag_s == delay / 1000


def test_progress_is_told_pane_by_pane_and_never_goes_back():
    chain = shop()
    for minute in (0, 1, 1, 4, 3, 9):
        chain.feed([event(f"e{minute}{len(chain.partials[0])}", START + minute * MINUTE_MS)])
    assert [(p.partition, (p.passed_ms - START) // MINUTE_MS) for p in chain.progress] == [
        (0, minute) for minute in (0, 1, 4, 9)
    ]
    assert all(p.record_ms >= p.passed_ms for p in chain.progress)


def test_alerts_come_before_the_progress_that_says_their_window_is_over():
    chain = shop()
    chain.feed(spread(12, START))
    detect = chain.detects[0]
    chain.detects[0] = Detect(chain.settings, 0)
    chain.detects[0].apply(chain.partials[0])
    chain.detects[0].flush(0, caught_up=False)
    chain.feed([event("x", START + FIVE_MS)])
    detect.apply(chain.partials[0][-1:])
    kinds = [dict(output.headers)["ce_type"] for output in detect.flush(0, caught_up=False)]
    assert kinds == [b"fenghuo.alert.v1", b"fenghuo.progress.v1"]


def test_a_source_that_stopped_writing_holds_nobody_up_for_long():
    chain = shop(kafka={"input_partitions": 2})
    chain.feed(spread(6, START))
    chain.feed(spread(6, START + 1, tag="other"), partition=1)
    for minute in range(5, 14):
        chain.feed([event(f"m{minute}", START + minute * MINUTE_MS)])
    assert chain.alerts == []
    chain.feed([event("later", START + 17 * MINUTE_MS)])
    assert told(chain.alerts)[0] == (5, "opened", 1)


def test_a_topic_that_stopped_writing_holds_up_neither_progress_nor_what_it_shares():
    chain = shop(
        {"name": "rate", "metric": "rate", "detector": limits(0.03)},
        metrics={"orders": COUNT, "clicks": CLICKS, "rate": {"ratio": ["orders", "clicks"]}},
    )
    chain.feed([event("o", START)])
    for minute in range(20):
        chain.feed(spread(5, START + minute * MINUTE_MS, MINUTE_MS, type="view"), "click")
    assert told(chain.alerts) == [(5, "opened", 1), (10, "resolved", 0)]
    assert (chain.progress[-1].passed_ms - START) // MINUTE_MS == 19


@pytest.mark.parametrize("position", [1, 2])
def test_a_hole_in_the_log_of_partials_stops_the_process(position):
    chain = shop()
    for i in range(4):
        chain.feed([event(f"e{i}", START + i)])
    log, detect = chain.partials[0], Detect(chain.settings, 0)
    detect.apply(log[:position])
    with pytest.raises(HoleInLog, match=r"shop\.order\.v1/0"):
        detect.apply(log[position + 1 :])


@pytest.mark.parametrize("value", [b"", b"{}", b"\xc1", b"\x92\x09\x90"], ids=repr)
def test_a_partial_that_is_none_stops_the_process(value):
    with pytest.raises(PartialRefused):
        Detect(settings_of({"orders": COUNT}, [orders()]), 0).apply([Record(0, 0, None, value)])


def test_a_marker_of_a_transaction_is_no_record_of_ours():
    detect = Detect(settings_of({"orders": COUNT}, [orders()]), 0)
    detect.apply([Record(0, 0, None, None)])
    assert not detect.due


@pytest.mark.timeout(20)
@pytest.mark.parametrize("year", [1970, 2020])
def test_a_first_event_of_long_ago_stalls_nothing(year):
    chain = shop(orders(window="1m"))
    first = at(f"{year}-01-01T00:00+00:00")
    chain.feed([event("old", first)], arrived=START)
    chain.feed(spread(12, START, MINUTE_MS))
    assert told(chain.feed([event("x", START + MINUTE_MS)])) == [(1, "opened", 1)]


@pytest.mark.timeout(20)
def test_an_event_of_the_far_future_stalls_nothing():
    chain = shop(orders(window="1m"))
    chain.feed(spread(12, START, MINUTE_MS))
    chain.feed([event("wrong", at("2099-01-01T00:00+00:00"))], arrived=START)
    assert told(chain.feed([event("x", START + MINUTE_MS)])) == [(1, "opened", 1)]


@pytest.mark.parametrize(
    ("durable", "refused"), [pytest.param(True, True, id="worker"), pytest.param(False, False, id="backtest")]
)
def test_a_detector_that_cannot_be_stored_is_for_backtests_only(durable, refused):
    settings = settings_of({"orders": COUNT}, [orders({"river": "OneClassSVM"})])
    if refused:
        with pytest.raises(Refused, match="orders"):
            Detect(settings, 0, durable=durable)
    else:
        assert not Detect(settings, 0, durable=durable).due
