from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinks.alert_record import from_record
from sinks.metrics import CATALOGUE
from streams.ingest.ingest import Ingest
from streams.ingest.intake import SAMPLE_EVERY
from streams.machine import Output, Record, StateRefused
from streams.partial import NO_TIME
from streams.settings import model
from streams.settings.model import Metric, Settings, Time
from tests.streams.records import PANE_MS, T0, cells_of, click, partials, record, settings_of

DAY_MS = 86_400_000
SETTINGS = settings_of(
    {
        "clicks": Metric(event="click", count=True),
        "cost": Metric(event="click", where={"type": "view"}, sum="cost"),
        "last": Metric(event="click", last="cost"),
        "users": Metric(event="click", distinct="user_id"),
    },
    [[], ["region"]],
    fuse=model.Fuse(ratio=0.5, volume=10),
)


def machine(config: Settings = SETTINGS, records: Iterable[Record] = ()) -> Ingest:
    ingest = Ingest(config, "click", 0)
    ingest.apply(list(records))
    return ingest


def outcomes(ingest: Ingest) -> dict[str, float]:
    return {s.labels[2]: s.value for s in ingest.samples() if s.name == "fenghuo_events_total" and s.value}


def to_topic(outputs: list[Output], topic: str) -> list[Output]:
    return [output for output in outputs if output.topic == topic]


# What a log may hold: good, late, too late, duplicate, broken and empty records.
EVENTS = st.builds(
    lambda n, shift, fields: click(f"e{n}", at=T0 + shift, **fields),
    st.integers(0, 30),
    st.sampled_from([0, 1_000, 59_999, 60_000, 90_000, 200_000, 400_000, -1, -50_000, -2 * DAY_MS]),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["view", "click", "wink"])},
        optional={
            "region": st.sampled_from(["n", "s"]),
            "cost": st.sampled_from([1, 0.1, -2.5, 1e12]),
            "user_id": st.sampled_from(["u", "v", "w"]),
        },
    ),
)
LOGS = st.lists(st.one_of(EVENTS, EVENTS, EVENTS, st.binary(max_size=30)), max_size=40).map(
    lambda events: [record(i * 3, event, at=T0 + i * 700) for i, event in enumerate(events)]
)


@given(log=LOGS)
def test_every_record_has_one_outcome(log: list[Record]) -> None:
    ingest = machine(records=log)
    outputs = ingest.flush(T0, caught_up=False)
    found = outcomes(ingest)
    assert sum(found.values()) == len(log)
    assert len(to_topic(outputs, "shop.click.v1.dlq")) == found.get("rejected", 0)
    whole_shop = sum(count for (entity, _), (count, _) in cells_of(outputs, "clicks/").items() if not entity)
    too_late = len(to_topic(outputs, "shop.click.v1.late"))
    assert whole_shop + too_late == found.get("aggregated", 0) + found.get("late", 0)


@given(log=LOGS, cuts=st.sets(st.integers(0, 40)))
def test_batches_do_not_matter(log: list[Record], cuts: set[int]) -> None:
    straight, cut = machine(records=log), machine()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(log)], strict=True):
        cut.apply(log[start:end])
    assert cut.flush(T0, caught_up=False) == straight.flush(T0, caught_up=False)
    assert cut.snapshot() == straight.snapshot()


@settings(max_examples=60)
@given(log=LOGS, stop=st.integers(0, 40), replayed=st.integers(0, 40))
def test_a_restart_anywhere_goes_on_like_the_straight_run(
    log: list[Record], stop: int, replayed: int
) -> None:
    straight, before, after = machine(), machine(), machine()
    straight.apply(log[:stop])
    before.apply(log[:stop])
    before.flush(T0, caught_up=False)
    checkpoint, metadata = before.snapshot(), before.metadata()
    after.restore(checkpoint, metadata)
    for ingest in (straight, after):
        ingest.apply(log[stop : stop + replayed])
        ingest.flush(T0, caught_up=False)
        ingest.apply(log[stop + replayed :])
    assert after.flush(T0, caught_up=False) == straight.flush(T0, caught_up=False)
    assert (after.metadata(), after.snapshot()) == (straight.metadata(), straight.snapshot())
    assert list(after.samples()) == list(straight.samples())


@given(log=LOGS, flushes=st.sets(st.integers(0, 40)))
def test_ranges_tile_the_log(log: list[Record], flushes: set[int]) -> None:
    ingest, ends = machine(), [0] * 4
    for at, one in enumerate(log):
        ingest.apply([one])
        if at in flushes or at == len(log) - 1:
            for partition, partial in enumerate(partials(ingest.flush(T0 + at, caught_up=True))):
                assert partial.from_offset == ends[partition]
                ends[partition] = partial.to_offset
    assert ends == [log[-1].offset + 1 if log else 0] * 4


@given(log=LOGS, flushes=st.sets(st.integers(0, 40)))
def test_counts_do_not_depend_on_flushes(log: list[Record], flushes: set[int]) -> None:
    straight, often, found = machine(records=log), machine(), Counter[tuple[str, int]]()
    for at, one in enumerate(log):
        often.apply([one])
        if at in flushes or at == len(log) - 1:
            for key, (count, _) in cells_of(often.flush(T0, caught_up=False), "clicks/region").items():
                found[key] += count
    expected = {k: n for k, (n, _) in cells_of(straight.flush(T0, caught_up=False), "clicks/region").items()}
    assert found == expected
    assert often.snapshot() == straight.snapshot()


def test_a_dead_letter_is_the_record_as_it_came_with_the_reason() -> None:
    bad = Record(7, T0 + 5, b"k", b"{broken", (("trace", b"1"),))
    outputs = machine(records=[bad]).flush(T0, caught_up=False)
    (letter,) = to_topic(outputs, "shop.click.v1.dlq")
    headers = dict(letter.headers)
    assert (letter.key, letter.value, headers["trace"]) == (b"k", b"{broken", b"1")
    errors = {k.rsplit(".", 1)[1]: v for k, v in headers.items() if k.startswith("__fenghuo.errors.")}
    assert len(errors.pop("message")) > 5
    assert errors == {
        "reason": b"broken_json",
        "topic": b"shop.click.v1",
        "partition": b"0",
        "offset": b"7",
        "timestamp": str(T0 + 5).encode(),
    }


def test_a_late_event_counts_as_late_and_in_its_pane() -> None:
    ingest = machine(records=[record(0, click("a", at=T0)), record(1, click("b", at=T0 - 30_001))])
    outputs = ingest.flush(T0, caught_up=False)
    assert outcomes(ingest) == {"aggregated": 1, "late": 1}
    assert cells_of(outputs, "clicks/") == {("", T0): (1, 0), ("", T0 - PANE_MS): (1, 0)}
    assert {(p.read, p.late) for p in partials(outputs)} == {(2, 1)}


def test_an_event_too_late_for_a_window_is_kept_and_one_too_late_for_any_is_not_summed() -> None:
    restated, oldest = SETTINGS.time.restate_within_ms, T0 - 30_000 - SETTINGS.time.restate_within_ms - DAY_MS
    times = [T0, T0 - restated + 60_000, T0 - 2 * restated, oldest, oldest - 1]
    log = [record(i, click(f"e{i}", at=at)) for i, at in enumerate(times)]
    ingest = machine(records=log)
    outputs = ingest.flush(T0, caught_up=False)
    assert outcomes(ingest) == {"aggregated": 1, "late": 4}
    kept = to_topic(outputs, "shop.click.v1.late")
    assert [(one.key, one.value) for one in kept] == [(one.key, one.value) for one in log[2:]]
    assert sum(count for count, _ in cells_of(outputs, "clicks/").values()) == 4


def test_a_duplicate_is_counted_once_and_does_not_move_the_watermark() -> None:
    ingest = machine(records=[record(0, click("a", at=T0 - 9)), record(1, click("a", at=T0))])
    (partial, *_) = partials(ingest.flush(T0, caught_up=False))
    assert outcomes(ingest) == {"aggregated": 1, "duplicate": 1}
    assert partial.watermark_ms == T0 - 9 - 30_000


def test_an_event_of_the_future_never_moves_the_watermark() -> None:
    ingest = machine(records=[record(0, click("a")), record(1, click("b", at=4_070_908_800_000))])
    assert partials(ingest.flush(T0, caught_up=False))[0].watermark_ms == T0 - 30_000


def test_an_output_is_due_when_the_watermark_passes_a_pane() -> None:
    ingest = machine(records=[record(0, click("a", at=T0 + 30_000), at=T0 + DAY_MS)])
    ingest.flush(T0, caught_up=False)
    ingest.apply([record(1, click("b", at=T0 + 89_999), at=T0 + DAY_MS)])
    assert not ingest.due
    ingest.apply([record(2, click("c", at=T0 + 90_000), at=T0 + DAY_MS)])
    assert ingest.due
    ingest.flush(T0, caught_up=False)
    assert not ingest.due


def test_an_idle_source_says_so_and_then_once_a_pane() -> None:
    ingest = machine(records=[record(0, click("a"))])
    told = []
    for s in range(200):
        found = partials(ingest.flush(T0 + s * 1_000, caught_up=True))
        told += [(s, p.idle, p.projected_ms - T0, p.watermark_ms - T0) for p in found[:1]]
    assert told == [
        (0, False, -30_000, -30_000),
        (10, True, -20_000, -30_000),
        (30, True, 0, -30_000),
        (90, True, 60_000, -30_000),
        (150, True, 120_000, -30_000),
    ]


@pytest.mark.parametrize(
    "caught_up", [pytest.param(False, id="not caught up"), pytest.param(True, id="blown")]
)
def test_a_source_that_lags_or_is_paused_is_not_idle(caught_up: bool) -> None:
    ingest = machine(records=[record(i, b"x") for i in range(10 if caught_up else 1)])
    ingest.flush(T0, caught_up=False)
    assert ingest.flush(T0 + DAY_MS, caught_up=caught_up) == []


def test_silence_is_projected_up_to_the_horizon_and_not_in_replay() -> None:
    live = machine(records=[record(0, click("a"))])
    replay_time = Time(replay=True)
    replay = machine(Settings(time=replay_time), [record(0, click("a"))])
    for ingest in (live, replay):
        ingest.flush(T0, caught_up=True)
    assert partials(live.flush(T0 + 9 * DAY_MS, caught_up=True))[0].projected_ms == T0 - 30_000 + DAY_MS
    assert live.flush(T0 + 10 * DAY_MS, caught_up=True) == []
    assert partials(replay.flush(T0 + 9 * DAY_MS, caught_up=True))[0].projected_ms == NO_TIME


def test_a_source_without_records_says_that_it_is_there_and_idle() -> None:
    ingest = machine()
    first, idle = (partials(ingest.flush(T0 + ms, caught_up=True)) for ms in (0, 10_000))
    assert [(p.from_offset, p.to_offset, p.watermark_ms, p.idle) for p in (first[0], idle[0])] == [
        (0, 0, NO_TIME, False),
        (0, 0, NO_TIME, True),
    ]
    assert ingest.flush(T0 + 20_000, caught_up=True) == []


def test_partials_are_keyed_by_source_one_for_each_partition() -> None:
    outputs = machine(records=[record(0, click("a"))]).flush(T0, caught_up=False)
    assert [(o.topic, o.key, o.partition) for o in outputs] == [
        ("fenghuo.partial.v1", b"shop.click.v1/0", partition) for partition in range(4)
    ]


def test_a_blown_fuse_pauses_and_tells_how_to_go_on() -> None:
    ingest = machine(records=[record(i, b"x", at=T0 + i) for i in range(8)])
    assert ingest.paused
    assert ingest.due
    (output,) = to_topic(ingest.flush(T0, caught_up=False), "fenghuo.alert.v1")
    alert = from_record(output.value or b"")
    assert (alert.transition, alert.monitor, alert.verdict, alert.grade) == (
        "opened",
        "pipeline.fuse",
        "pipeline",
        2,
    )
    assert "fenghuo dlq reset-fuse shop.click.v1" in alert.text
    assert (alert.window_end_ms, alert.actual) == (T0 + 5, 0.6)
    assert outcomes(ingest) == {"rejected": 8}
    assert not ingest.due


@pytest.mark.parametrize("restarted", [False, True])
def test_a_reset_fuse_reads_on_and_resolves_the_alert_once(restarted: bool) -> None:
    log = [record(i, b"x", at=T0 + i) for i in range(8)]
    ingest = machine(records=log)
    (opened,) = to_topic(ingest.flush(T0, caught_up=False), "fenghuo.alert.v1")
    if restarted:
        ingest = machine()
        ingest.reset_fuse(8)
        ingest.apply(log)
        ingest.flush(T0, caught_up=False)
    else:
        ingest.reset_fuse(8)
    assert not ingest.paused
    ingest.apply([record(8, click("a"), at=T0 + 90), record(9, click("b"), at=T0 + 91)])
    (output,) = to_topic(ingest.flush(T0, caught_up=False), "fenghuo.alert.v1")
    resolved, first = from_record(output.value or b""), from_record(opened.value or b"")
    assert (resolved.transition, resolved.sequence, resolved.grade) == ("resolved", 1, 0)
    assert (resolved.alert_id, resolved.window_end_ms) == (first.alert_id, T0 + 90)


def test_without_a_checkpoint_the_metadata_keeps_watermark_counters_and_fuse() -> None:
    log = [record(0, click("a")), *(record(i, b"x", at=T0 + i) for i in range(1, 8))]
    before, after = machine(records=log), machine()
    before.flush(T0, caught_up=False)
    assert len(before.metadata()) < 1_000
    after.restore([], before.metadata())
    assert (after.metadata(), outcomes(after), after.paused) == (before.metadata(), outcomes(before), True)
    after.apply([record(9, click("old", at=T0 - 40_000))])
    assert outcomes(after)["late"] == 1
    assert {p.from_offset for p in partials(after.flush(T0, caught_up=False))} == {8}


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda blocks: [blocks[0][:-1]], id="cut"),
        pytest.param(lambda blocks: [blocks[0].replace(b"shop", b"shoq")], id="flipped"),
        pytest.param(lambda _: [b"not a state"], id="something else"),
    ],
)
def test_damaged_state_is_refused(damage: Any) -> None:
    with pytest.raises(StateRefused):
        machine().restore(damage(machine().snapshot()), "")


@pytest.mark.parametrize("metadata", ["{", '{"source":5}', '{"source":"shop.click.v1/1"}'])
def test_metadata_that_is_not_ours_is_refused(metadata: str) -> None:
    with pytest.raises(StateRefused):
        machine().restore([], metadata)


def test_unknown_fields_are_counted_on_a_sample() -> None:
    log = [record(i, {**click(f"e{i}"), "colour": "red"}) for i in range(2 * SAMPLE_EVERY)]
    found = [s.value for s in machine(records=log).samples() if s.name == "fenghuo_unknown_fields_total"]
    assert found == [2]


def test_samples_are_those_of_the_catalogue() -> None:
    log = [record(0, click("a")), *(record(i, b"x") for i in range(1, 9))]
    samples = {sample.name: sample for sample in machine(records=log).samples()}
    for name, sample in samples.items():
        assert len(sample.labels) == len(CATALOGUE[name].labels)
    assert samples["fenghuo_fuse_blown"].value == 1
    assert samples["fenghuo_watermark_timestamp_seconds"].value == (T0 - 30_000) / 1000
    assert samples["fenghuo_rejects_total"] == ("fenghuo_rejects_total", ("shop.click.v1", "broken_json"), 8)
