import gzip
import json
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from streams.failure import Failure
from streams.ingest.cloudevent import STRUCTURED
from streams.machine import Record
from streams.recorded.recording import TopicUnknown, read

T0 = 1_700_000_000_000
MINUTE = 60_000


def click(at_ms: object, event_id: str = "e") -> bytes:
    return json.dumps({"event_id": event_id, "event_time": at_ms, "type": "view"}).encode()


def order(at_ms: int) -> bytes:
    return json.dumps({"type": "paid", "event_time": at_ms, "order_id": "o"}).encode()


def write(path: Path, lines: Iterable[bytes]) -> str:
    data = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz", "gzip without its suffix"])
def test_every_line_becomes_a_record_as_it_stands(name: str, tmp_path: Path) -> None:
    lines = [click(T0), click(T0 + 5), click(T0 + 9)]
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"\n".join(lines)) if "gz" in name else b"\n\n".join(lines))
    records = list(read([str(path)]))
    assert [kind for kind, _ in records] == ["click"] * 3
    assert [record.value for _, record in records] == lines
    assert [record.offset for _, record in records] == [0, 1, 2]
    assert [record.timestamp for _, record in records] == [T0, T0 + 5, T0 + 9]


def test_files_are_merged_by_event_time_and_offsets_count_by_kind(tmp_path: Path) -> None:
    clicks = write(tmp_path / "clicks.jsonl", [click(T0 + at) for at in (0, 2, 4)])
    orders = write(tmp_path / "orders.jsonl.gz", [order(T0 + at) for at in (1, 3)])
    got = [(kind, record.offset, record.timestamp - T0) for kind, record in read([orders, clicks])]
    assert got == [("click", 0, 0), ("order", 0, 1), ("click", 1, 2), ("order", 1, 3), ("click", 2, 4)]


def test_file_order_takes_the_files_as_they_lie_and_keeps_a_clock_for_each_kind(tmp_path: Path) -> None:
    clicks = write(tmp_path / "clicks.jsonl", [click(T0 + at) for at in (5, 3, 9)])
    orders = write(tmp_path / "orders.jsonl", [order(T0 + 1)])
    got = [(kind, record.timestamp - T0) for kind, record in read([clicks, orders], order="file")]
    assert got == [("click", 5), ("click", 5), ("click", 9), ("order", 1)]


def test_a_shuffled_file_comes_in_order_of_event_time(tmp_path: Path) -> None:
    times = [T0 + 40 * index for index in range(30_000)]  # about 2 MB: several blocks
    shuffled = sorted(times, key=lambda at: at + random.Random(at).uniform(0, 30_000))
    assert shuffled != times
    file = write(tmp_path / "clicks.jsonl", map(click, shuffled))
    values = [json.loads(record.value or b"")["event_time"] for _, record in read([file])]
    assert values == times


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2023-11-14T22:13:20Z", id="UTC"),
        pytest.param("2023-11-15T06:13:20.000+08:00", id="another zone"),
        pytest.param(float(T0), id="a whole float"),
    ],
)
def test_times_may_be_written_in_other_ways(text: object, tmp_path: Path) -> None:
    ((_, record),) = read([write(tmp_path / "a", [click(text)])])
    assert record.timestamp == T0


BROKEN = [
    pytest.param(b'{"event_id": "x", "ty', id="cut off"),
    pytest.param(b"\xff\xfe\x00", id="not text"),
    pytest.param(b'{"type": "teleport", "event_time": 1}', id="unknown type"),
    pytest.param(b'{"type": 7, "event_time": [1]}', id="other types"),
    pytest.param(b'{"type": "view", "event_time": 1e400}', id="beyond a double"),
    pytest.param(b'{"type": "view", "event_time": ' + b"9" * 100_000 + b"}", id="a hundred thousand digits"),
    pytest.param(b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nested deeply"),
    pytest.param(b'{"type": "view", "event_time": "2023-11-14T22:13:20"}', id="no zone"),
    pytest.param(click(4_070_908_800_000), id="the year 2099"),
    pytest.param(click(0), id="the year 1970"),
]


@pytest.mark.parametrize("order_", ["time", "file"])
@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_line_stays_and_does_not_move_the_clock(line: bytes, order_: str, tmp_path: Path) -> None:
    good = [click(T0 + 1000 * at) for at in range(20)]
    file = write(tmp_path / "a.jsonl", [*good[:9], line, *good[9:]])
    records = list(read([file], order="file" if order_ == "file" else "time"))
    assert sorted(record.value or b"" for _, record in records) == sorted([*good, line])
    assert {kind for kind, _ in records} == {"click"}
    assert [r.timestamp for _, r in records if r.value != line] == [T0 + 1000 * at for at in range(20)]


def test_a_broken_line_belongs_where_the_line_before_it_did(tmp_path: Path) -> None:
    file = write(tmp_path / "a", [b"{", click(T0), b"{", order(T0), b"{"])
    assert [kind for kind, _ in read([file])] == ["click", "click", "click", "order", "order"]


def test_a_gap_is_believed(tmp_path: Path) -> None:
    times = [T0, T0 + MINUTE, T0 + 10_000 * MINUTE, T0 + 10_001 * MINUTE, T0 + 20_000 * MINUTE]
    file = write(tmp_path / "a", [click(at) for at in (*times, times[-1] + 60 * MINUTE)])
    assert [record.timestamp for _, record in read([file])] == [*times, times[-1] + 60 * MINUTE]


@pytest.mark.parametrize("at", [0, 7], ids=["first line", "last line"])
def test_a_wrong_clock_at_the_edge_of_a_file_is_not_believed(at: int, tmp_path: Path) -> None:
    lines = [click(T0 + index) for index in range(7)]
    lines.insert(at, click(4_070_908_800_000))
    assert max(record.timestamp for _, record in read([write(tmp_path / "a", lines)])) == T0 + 6


def test_a_given_topic_takes_every_line_and_the_producers_field_names(tmp_path: Path) -> None:
    file = write(tmp_path / "a", [b'{"when": %d, "what": "paid"}' % T0, b'{"when": %d}' % (T0 + 1)])
    got = list(read([file], {file: "order"}, fields={"order": {"event_time": "when", "type": "what"}}))
    assert [(kind, record.timestamp) for kind, record in got] == [("order", T0), ("order", T0 + 1)]


def test_a_cloudevents_line_is_placed_by_its_envelope_and_marked(tmp_path: Path) -> None:
    event = {"specversion": "1.0", "type": "shop.order.paid", "time": "2023-11-14T22:13:20Z", "data": {}}
    ((kind, record),) = read([write(tmp_path / "a", [json.dumps(event).encode()])])
    assert (kind, record.timestamp) == ("order", T0)
    assert record.headers == (("content-type", STRUCTURED),)


def test_a_file_of_something_else_asks_for_its_topic(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [b"timestamp,value", b"1,2"])
    with pytest.raises(TopicUnknown, match=f"--topic click={file}"):
        list(read([file]))


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    assert list(read([write(tmp_path / "a", [])])) == []


def test_a_damaged_file_gives_what_is_before_the_damage_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    data = gzip.compress(
        b"\n".join(click(T0 + at, random.Random(at).randbytes(20).hex()) for at in range(50_000))
    )
    path.write_bytes(data[: len(data) * 3 // 4])
    got: list[Record] = []
    with pytest.raises(Failure, match=r"a\.jsonl\.gz is damaged after [\d,]+ lines"):
        got.extend(record for _, record in read([str(path)], order="file"))
    assert [record.offset for record in got] == list(range(len(got))) != []
    path.write_bytes(data[:1000] + b"\0\0\0\0" + data[1004:])
    with pytest.raises(Failure, match="is damaged"):
        list(read([str(path)]))


@pytest.mark.parametrize("name", ["missing.jsonl", "."], ids=["missing", "a folder"])
def test_a_file_that_cannot_be_read_says_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot read"):
        list(read([str(tmp_path / name)]))


def test_an_endless_line_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.recorded.lines.LINE_BYTES_MAX", 1 << 20)
    file = write(tmp_path / "a", [click(T0), b"x" * (3 << 20)])
    with pytest.raises(Failure, match="line of more than 1 MiB"):
        list(read([file]))
