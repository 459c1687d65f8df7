"""The stream of a simulated shop as a whole: reproducible, in order, valid."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from streams.failure import Failure
from streams.ingest.decoder import Decoder
from streams.ingest.reject import Reject
from streams.machine import Record as LogRecord
from streams.settings import load
from streams.simulate.fault_kind import ConversionDrop
from streams.simulate.record import KINDS
from streams.simulate.season import Season
from streams.simulate.shop import Noise, Shop
from streams.simulate.stream import CHUNK_MS, LEAD_MS, simulate

HOUR_MS = 3_600_000
QUIET = Noise(late=0.0, duplicates=0.0, broken=0.0)


def test_the_same_seed_makes_the_same_records(day):
    span = (day.end_ms - HOUR_MS, day.end_ms)
    assert list(simulate(day.shop, 7, *span)) == list(simulate(day.shop, 7, *span))


def test_another_seed_makes_other_records(day):
    span = (day.end_ms - HOUR_MS, day.end_ms)
    ours = {record.value for record in simulate(day.shop, 7, *span)}
    assert ours.isdisjoint(record.value for record in simulate(day.shop, 8, *span))


def test_two_spans_together_are_the_span_of_both(day):
    cut_ms = day.end_ms - 7 * HOUR_MS - 1_234
    early = simulate(day.shop, 7, day.start_ms, cut_ms)
    late = simulate(day.shop, 7, cut_ms, day.end_ms)
    assert [*early, *late] == day.records


def test_records_come_in_arrival_order_within_the_span(day):
    arrivals = [record.arrival_ms for record in day.records]
    assert arrivals == sorted(arrivals)
    assert day.start_ms <= arrivals[0]
    assert arrivals[-1] < day.end_ms


def test_no_event_is_after_its_arrival(day):
    assert all(record.event_time_ms <= record.arrival_ms for record in day.records)


def test_the_rate_is_the_one_asked_for(day):
    season = Season(day.shop, 7)
    starts = range(day.start_ms // CHUNK_MS * CHUNK_MS, day.end_ms, CHUNK_MS)
    expected = sum(season.rates(start, start + CHUNK_MS).sum() * 60 for start in starts)
    once = sum(count for (kind, flaw), count in day.tally.items() if kind == "click" and flaw != "duplicates")
    assert once == pytest.approx(expected, rel=0.02)


def test_every_sound_record_passes_the_decoder_and_every_broken_one_is_rejected(day):
    settings = load(None)
    decoders = {kind: Decoder(settings, kind) for kind in KINDS}
    rejected: Counter[str] = Counter()
    for offset, record in enumerate(day.records):
        log_record = LogRecord(offset, record.arrival_ms, record.key, record.value)
        try:
            event = decoders[record.kind].decode(log_record)
        except Reject:
            rejected[record.kind] += 1
        else:
            assert event.event_time == record.event_time_ms
    assert rejected == {kind: day.tally[kind, "broken"] for kind in KINDS}
    assert decoders["click"].unknown_fields(LogRecord(0, 0, b"", _first(day, "click"))) == 0
    assert decoders["order"].unknown_fields(LogRecord(0, 0, b"", _first(day, "order"))) == 0
    assert decoders["inventory"].unknown_fields(LogRecord(0, 0, b"", _first(day, "inventory"))) == 0


def test_keys_are_what_the_topics_are_partitioned_by():
    shop = replace(Shop(), noise=QUIET)
    fields = {"click": "user_id", "order": "order_id", "inventory": "sku"}
    end_ms = 1_772_409_600_000
    for record in simulate(shop, 1, end_ms - HOUR_MS, end_ms):
        assert json.loads(record.value)[fields[record.kind]].encode() == record.key


def test_ids_are_unique_but_for_duplicates(day):
    sound = _sound(day.records)
    repeated = Counter(Counter(event["event_id"] for event in sound).values())
    assert set(repeated) == {1, 2}
    assert repeated[2] == sum(day.tally[kind, "duplicates"] for kind in KINDS)


@pytest.mark.parametrize(
    ("seed", "span", "faults", "message"),
    [
        pytest.param(1, (LEAD_MS + 5, LEAD_MS + 5), (), "ends before it starts", id="empty span"),
        pytest.param(1, (0, HOUR_MS), (), "before 1970", id="start too early"),
        pytest.param(-1, (LEAD_MS, LEAD_MS + 1), (), "give 0 or more", id="negative seed"),
        pytest.param(
            1,
            (LEAD_MS, LEAD_MS + 1),
            (ConversionDrop(LEAD_MS, LEAD_MS + 1, campaign="zz"),),
            "no campaign 'zz'; there are c1",
            id="a fault of another shop",
        ),
    ],
)
def test_what_cannot_be_simulated_is_told_at_once(seed, span, faults, message):
    with pytest.raises(Failure, match=message):
        simulate(Shop(), seed, *span, faults)


def _first(day, kind):
    return next(record.value for record in day.records if record.kind == kind and _parsed(record.value))


def _parsed(value):
    try:
        event = json.loads(value)
    except ValueError:
        return None
    sound = "event_id" in event and type(event["event_time"]) is int
    return event if sound else None


def _sound(records):
    return [event for event in (_parsed(record.value) for record in records) if event]
