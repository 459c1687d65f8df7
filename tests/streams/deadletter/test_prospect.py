"""What would become of a letter is told before it is sent, and that is what becomes of it."""

import json

import msgspec
import pytest

from streams.deadletter.letter import ATTEMPT, Place, letter_of, sent_again
from streams.deadletter.prospect import Judge, passed_ms
from streams.detect.detect import Detect
from streams.ingest.ingest import Ingest
from streams.ingest.state import Small
from streams.machine import Record
from streams.partial import NO_TIME
from streams.settings.model import Currency, Kafka, Metric, Monitor, Settings, Time

MINUTE, HOUR = 60_000, 3_600_000
NOW = 1_780_000_200_000  # a full five minutes
SETTINGS = Settings(
    kafka=Kafka(input_partitions=1, partial_partitions=1),
    time=Time(replay=True),
    currency=Currency(base="CNY", rates={"USD": 7.0}),
    metrics={"orders": Metric(event="order", count=True), "clicks": Metric(event="click", count=True)},
    monitors=[
        Monitor(name="five", metric="orders", window="5m"),
        Monitor(name="hour", metric="orders", window="1h"),
        Monitor(name="off", metric="orders", window="1d", enabled=False),
        Monitor(name="clicks", metric="clicks", window="10m"),
    ],
)


def order(at, **fields):
    return json.dumps(
        {"event_id": "e", "event_time": at, "type": "created", "order_id": "o", **fields}
    ).encode()


def letter(value, attempt=0):
    headers = ((ATTEMPT, str(attempt).encode()),) if attempt else ()
    return letter_of(Place(0, 0), NOW, b"o", value, headers)


def judge(passed=NOW, settings=SETTINGS):
    small = Small(source="s", top_ms=passed + settings.time.lateness_ms, event_record_ms=NOW, record_ms=NOW)
    return Judge(settings, "order", {0: small}, NOW)


@pytest.mark.parametrize(
    ("behind", "fate"),
    [
        pytest.param(-10_000, "counted", id="in time"),
        pytest.param(MINUTE, "counted", id="a closed window"),
        pytest.param(14 * MINUTE, "counted", id="the oldest window that can be restated"),
        pytest.param(16 * MINUTE, "partly", id="too late for five minutes, not for the hour"),
        pytest.param(3 * HOUR, "too_late", id="too late for both"),
    ],
)
def test_by_how_late_it_is(behind, fate):
    assert judge().prospect(letter(order(NOW - behind)), done=False).fate == fate


def test_an_event_nobody_watches_closely_is_counted_in_its_windows():
    only_hours = msgspec.structs.replace(SETTINGS, monitors=[SETTINGS.monitors[1]])
    assert judge(settings=only_hours).prospect(letter(order(NOW - 16 * MINUTE)), done=False).fate == "counted"


@pytest.mark.parametrize(
    ("case", "fate", "why"),
    [
        pytest.param((letter(b"{"), False), "refused", "broken_json", id="still broken"),
        pytest.param(
            (letter(order(NOW, currency="EUR")), False), "refused", "unknown_currency", id="no rate yet"
        ),
        pytest.param((letter(order(NOW, currency="USD")), False), "counted", "", id="a rate by now"),
        pytest.param((letter(order(NOW), 2), False), "counted", "", id="a last attempt"),
        pytest.param((letter(order(NOW), 3), False), "exhausted", "3 times", id="no more attempts"),
        pytest.param((letter(order(NOW)), True), "done", "", id="sent again before"),
    ],
)
def test_by_what_it_is(case, fate, why):
    found = judge().prospect(case[0], done=case[1])
    assert found.fate == fate
    assert why in found.why


def small(top, record=NOW):
    return Small(source="s", top_ms=top, event_record_ms=record, record_ms=record)


@pytest.mark.parametrize(
    ("sources", "replay", "expected"),
    [
        pytest.param({}, False, NO_TIME, id="never read"),
        pytest.param({0: small(NO_TIME)}, False, NO_TIME, id="no event yet"),
        pytest.param({0: small(NOW), 1: small(NOW - MINUTE)}, False, NOW - 90_000, id="the slowest source"),
        pytest.param(
            {0: small(NOW), 1: small(NOW - HOUR, NOW - HOUR)}, False, NOW - 30_000, id="an idle one"
        ),
        pytest.param({0: small(NOW - HOUR, NOW - HOUR)}, False, NOW - 30_000, id="all idle: time goes on"),
        pytest.param(
            {0: small(NOW - HOUR, NOW - HOUR)}, True, NOW - HOUR - 30_000, id="recorded: it does not"
        ),
    ],
)
def test_how_far_time_has_passed(sources, replay, expected):
    settings = msgspec.structs.replace(SETTINGS, time=Time(replay=replay))
    assert passed_ms(settings, sources, NOW) == expected


@pytest.mark.parametrize("behind", [MINUTE, 14 * MINUTE, 16 * MINUTE, 50 * MINUTE, 3 * HOUR])
def test_what_was_told_is_what_becomes_of_it(behind):
    ingest, detect = Ingest(SETTINGS, "order", 0), Detect(SETTINGS, 0)
    log = [
        Record(i, at, b"", order(at).replace(b'"e"', f'"e{i}"'.encode()))
        for i, at in enumerate(range(NOW - 6 * HOUR, NOW + 1, MINUTE))
    ]
    ingest.apply(log)
    feed(ingest, detect)
    (source,) = detect.frontier.sources.values()
    judged = Judge(SETTINGS, "order", {0: small(source.watermark_ms + 30_000)}, NOW)
    mine = letter(order(NOW - behind).replace(b'"e"', b'"late"'))
    before = counts(detect)
    output = sent_again(SETTINGS.topics.order, 1, mine)
    ingest.apply([Record(len(log), NOW, output.key, output.value, output.headers)])
    feed(ingest, detect)
    after = counts(detect)
    changed = {length for length in after if after[length] > before[length]}
    lengths = {"counted": {5 * MINUTE, HOUR}, "partly": {HOUR}, "too_late": set()}
    assert changed == lengths[judged.prospect(mine, done=False).fate]


def feed(ingest, detect):
    partials = [o for o in ingest.flush(NOW, caught_up=False) if o.topic == SETTINGS.topics.partial]
    detect.apply([Record(0, NOW, one.key, one.value) for one in partials])


def counts(detect):
    """Return how many orders the windows show, by length: those told of last, and those still open."""
    shown = {}
    detect.parts.merge()
    for pulse in detect.parts.pulses.values():
        told = sum(seen.verdict.values.sum() for seen in pulse.kept.values())
        (board,) = {board for watch in pulse.watches for board in watch.boards}
        coming = [board.merged([start]) for start in board.buckets if start >= pulse.cursor.next_ms]
        shown[pulse.cursor.windows.length_ms] = told + sum(bucket.counts.sum() for bucket in coming)
    return {length: total for length, total in shown.items() if length in {5 * MINUTE, HOUR}}
