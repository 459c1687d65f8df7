"""`fenghuo backtest`: files in, alerts out, and what it says of files and settings that are no good."""

import datetime as dt
import gzip
import json

import msgspec
import pytest
from click.testing import CliRunner

from sinks.alert_record import AlertRecord
from streams.cli.main import main
from streams.cli.schema import SCHEMAS
from tests.streams.chain import FIVE_MS, HOUR_MS, MINUTE_MS, START, event, spread

CONFIG = """
catalogue: false
time: {lateness: 30s}
metrics:
  orders: {event: order, where: {type: created}, count: true}
  clicks: {event: click, count: true}
  rate: {ratio: [orders, clicks]}
monitors:
  - {name: high, metric: orders, by: [[], [region]], resolve_after: 1,
     detector: {threshold: {above: {IV: 10, I: 30}}}}
  - {name: low, metric: orders, resolve_after: 1, detector: {threshold: {below: {IV: 4.5}}}}
  - {name: day, metric: orders, window: 1d, detector: {threshold: {above: {IV: 20}}}}
  - {name: rate, metric: rate, detector: {threshold: {below: {IV: 0.2}}}}
"""


@pytest.fixture
def files(tmp_path):
    """Return a function that runs the command over lines, in a folder of its own."""
    (tmp_path / "fenghuo.yaml").write_text(CONFIG)
    return Files(tmp_path)


class Files:
    def __init__(self, folder):
        self.folder = folder
        self.alerts = folder / "alerts.jsonl"

    def write(self, name, events):
        lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in events]
        path = self.folder / name
        data = b"".join(line + b"\n" for line in lines)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return str(path)

    def run(self, *arguments, config="fenghuo.yaml"):
        chosen = ["--config", str(self.folder / config)] if config else []
        return CliRunner().invoke(main, ["backtest", *chosen, "--alerts", str(self.alerts), *arguments])

    def told(self):
        rows = [json.loads(line) for line in self.alerts.read_bytes().splitlines()]
        return [
            (r["monitor"], r["series"]["id"], (r["window"]["end"] - START) // MINUTE_MS, r["transition"])
            for r in rows
        ]


def normal(windows=4, n=8):
    return [one for i in range(windows) for one in spread(n, START + i * FIVE_MS, region="n")]


def test_a_line_of_the_alerts_is_what_the_schema_says(files):
    path = files.write(
        "orders.jsonl.gz", spread(35, START, region="n") + spread(8, START + FIVE_MS, region="n")
    )
    done = files.run("--input", path, "--input", files.write("more.jsonl", [event("x", START + 2 * FIVE_MS)]))
    assert done.exit_code == 0, done.output
    properties = SCHEMAS["alert"]()["$defs"]["AlertRecord"]["properties"]
    for line in files.alerts.read_bytes().splitlines():
        assert set(json.loads(line)) == set(properties)
        assert msgspec.json.decode(line, type=AlertRecord).schema_version == 1
    assert files.told() == [
        ("high", "orders", 5, "opened"),
        ("high", "orders{region=n}", 5, "opened"),
        ("high", "orders", 10, "resolved"),
        ("high", "orders{region=n}", 10, "resolved"),
    ]
    assert "events   44 (44 order)" in done.stderr
    assert "alerts   IV 0 (0.00 a day), III 0 (0.00 a day), II 0 (0.00 a day), I 2" in done.stderr
    assert done.stdout == ""


def test_the_summary_is_data_if_asked_for(files):
    done = files.run("--json", "--input", files.write("orders.jsonl", [*normal(), b"{broken"]))
    figures = json.loads(done.stdout)
    assert (figures["events"], figures["by_topic"]) == (33, {"order": 33})
    assert figures["outcomes"] == {"aggregated": 32, "rejected": 1, "late": 0, "duplicate": 0}


@pytest.mark.parametrize("order", ["time", "file"])
def test_files_of_several_topics_meet_in_time_or_as_they_lie(files, order):
    orders = files.write("orders.jsonl", spread(6, START, 2 * FIVE_MS))
    views = [e | {"type": "view"} for e in spread(60, START, 2 * FIVE_MS, "c")]
    done = files.run("--order", order, "--input", orders, "--input", files.write("clicks.jsonl", views))
    assert done.exit_code == 0, done.output
    assert ("rate", "rate", 5, "opened") in files.told()


@pytest.mark.parametrize(("order", "late"), [("time", 0), ("file", 20)])
def test_disorder_is_put_right_in_time_order_and_kept_in_file_order(files, order, late):
    path = files.write("orders.jsonl", [*normal(3), *spread(20, START + FIVE_MS, MINUTE_MS, "late")])
    done = files.run("--json", "--input", path, "--order", order)
    assert json.loads(done.stdout)["outcomes"]["late"] == late
    assert files.told() == [("high", "orders", 10, "opened"), ("high", "orders", 15, "resolved")]


def test_a_file_is_of_the_topic_that_is_said(files):
    lines = [{"event_id": f"e{i}", "event_time": START + i, "type": "view"} for i in range(9)]
    path = files.write("dump.jsonl", lines)
    done = files.run("--json", "--topic", f"order={path}", "--input", path)
    assert json.loads(done.stdout)["outcomes"] == {"aggregated": 0, "rejected": 9, "late": 0, "duplicate": 0}
    assert json.loads(done.stdout)["by_topic"] == {"order": 9}


def test_a_day_is_one_of_the_time_zone_given(files):
    events = [event(f"e{h}", START + h * HOUR_MS) for h in range(60)]
    path = files.write("orders.jsonl", events)
    ends = {}
    for zone in ("UTC", "Asia/Shanghai"):
        assert files.run("--input", path, "--timezone", zone).exit_code == 0
        rows = [json.loads(line) for line in files.alerts.read_bytes().splitlines()]
        end = next(r["window"]["end"] for r in rows if r["monitor"] == "day")
        ends[zone] = dt.datetime.fromtimestamp(end / 1000, dt.UTC).hour
    assert ends == {"UTC": 0, "Asia/Shanghai": 16}


def test_the_end_of_the_files_closes_windows_but_half_a_window_is_no_drop(files):
    half = [*normal(2), *spread(4, START + 2 * FIVE_MS, FIVE_MS // 2, region="n")]
    assert files.run("--input", files.write("orders.jsonl", half)).exit_code == 0
    assert files.told() == []
    whole = [*normal(2), *spread(3, START + 2 * FIVE_MS, region="n"), event("x", START + 3 * FIVE_MS - 1)]
    assert files.run("--input", files.write("orders.jsonl", whole)).exit_code == 0
    assert files.told() == [("low", "orders", 15, "opened")]


def test_people_are_told_of_what_the_last_window_shows(files):
    told = files.folder / "told.jsonl"
    path = files.write("orders.jsonl", [*normal(2), *spread(20, START + 2 * FIVE_MS, int(FIVE_MS * 0.95))])
    assert files.run("--input", path, "--notifications", str(told)).exit_code == 0
    assert ("high", "orders", 15, "opened") in files.told()
    assert len(told.read_bytes().splitlines()) == 1


@pytest.mark.parametrize("content", [b"", b"\n\n"], ids=["empty", "empty lines"])
def test_an_empty_file_gives_no_alerts(files, content):
    path = files.folder / "empty.jsonl"
    path.write_bytes(content)
    done = files.run("--input", str(path))
    assert done.exit_code == 0, done.output
    assert files.alerts.read_bytes() == b""
    assert "events   0" in done.stderr


def damaged_gzip(files):
    packed = gzip.compress(b"\n".join(json.dumps(e).encode() for e in normal(400)))
    (files.folder / "bad.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    return ["--input", str(files.folder / "bad.jsonl.gz")]


def no_events(files):
    return ["--input", files.write("text.jsonl", [b"hello", b"world"])]


def missing_file(files):
    return ["--input", str(files.folder / "nowhere.jsonl")]


def folder_for_file(files):
    return ["--input", str(files.folder)]


def unknown_key(files):
    (files.folder / "fenghuo.yaml").write_text(CONFIG.replace("by:", "buy:"))
    return ["--input", files.write("orders.jsonl", normal())]


def no_config(files):
    (files.folder / "fenghuo.yaml").unlink()
    return ["--input", files.write("orders.jsonl", normal())]


def unknown_zone(files):
    return ["--input", files.write("orders.jsonl", normal()), "--timezone", "Mars/Olympus"]


def zone_that_is_a_continent(files):
    return ["--input", files.write("orders.jsonl", normal()), "--timezone", "Europe"]


def unknown_topic(files):
    return ["--input", files.write("orders.jsonl", normal()), "--topic", "visits=orders.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (damaged_gzip, 1, "is damaged after"),
        (no_events, 1, "--topic click="),
        (missing_file, 1, "cannot read"),
        (folder_for_file, 1, "Is a directory"),
        (unknown_key, 3, "did you mean by?"),
        (no_config, 1, "Is the path right?"),
        (unknown_zone, 2, "no such time zone"),
        (zone_that_is_a_continent, 2, "no such time zone"),
        (unknown_topic, 2, "KIND=FILE with a KIND of click, order, inventory, metric"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_wrong_is_said_and_the_alerts_of_before_stay(files, arguments, exit_code, said):
    files.alerts.write_bytes(b"before")
    done = files.run(*arguments(files))
    assert done.exit_code == exit_code, done.output
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert files.alerts.read_bytes() == b"before"
    assert not list(files.folder.glob("*.part"))


def test_a_place_that_cannot_be_written_to_is_said(files):
    files.alerts = files.folder / "nowhere" / "alerts.jsonl"
    done = files.run("--input", files.write("orders.jsonl", normal()))
    assert done.exit_code == 1
    assert "No such file or directory" in done.stderr


BAD_LINES = [
    pytest.param(b'{"event_id":"a","type":"created"', id="broken JSON"),
    pytest.param(b'{"event_id":1,"event_time":2,"type":"created","order_id":3}', id="wrong types"),
    pytest.param(b"[" * 100_000, id="deep nesting"),
    pytest.param(json.dumps(event("a", 4_070_908_800_000)).encode(), id="2099"),
    pytest.param(json.dumps(event("a", 0)).encode(), id="1970"),
    pytest.param(json.dumps(event("a", START, amount=1) | {"pad": "x" * 5_000_000}).encode(), id="5 MB"),
    pytest.param(json.dumps(event("a", START)).encode()[:-1] + b',"amount":1e400}', id="1e400"),
    pytest.param(
        json.dumps(event("a", START)).encode()[:-1] + b',"amount":' + b"9" * 10**6 + b"}", id="10^6 digits"
    ),
    pytest.param(json.dumps(event("a", START, type="bought")).encode(), id="unknown type"),
    pytest.param(b"\xff\xfe\x00", id="no text"),
]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("position", ["first", "between", "last"])
@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_bad_line_is_counted_and_changes_nothing_else(files, bad, position):
    good = (
        normal(3)
        + spread(12, START + 3 * FIVE_MS, region="n")
        + [event("x", START + 4 * FIVE_MS + MINUTE_MS)]
    )
    place = {"first": 0, "between": 10, "last": len(good)}[position]
    path = files.write("orders.jsonl", [*good[:place], bad, *good[place:]])
    done = files.run("--json", "--topic", f"order={path}", "--input", path)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["outcomes"] == {
        "aggregated": len(good),
        "rejected": 1,
        "late": 0,
        "duplicate": 0,
    }
    assert [t for *_, t in files.told()] == ["opened", "opened"]


def test_the_shipped_catalogue_runs_over_simulated_days(files):
    events = files.folder / "events.jsonl.gz"
    made = [
        "simulate",
        "--days",
        "0.3",
        "--until",
        "2026-03-03T20:00:00Z",
        "--seed",
        "3",
        "--output",
        str(events),
    ]
    assert CliRunner().invoke(main, made).exit_code == 0
    done = files.run("--json", "--input", str(events), config=None)
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert set(figures["by_topic"]) >= {"click", "order", "inventory"}
    assert sum(figures["outcomes"].values()) == figures["events"]
    assert figures["windows"] > 0
    assert 0 < figures["days"] <= 0.3
    first = files.alerts.read_bytes()
    assert files.run("--input", str(events), config=None).exit_code == 0
    assert files.alerts.read_bytes() == first


def test_a_ratio_of_two_topics_waits_for_both_from_the_first_window_on(files):
    """A drop of the first minutes is there although the orders lie before all of the clicks."""
    orders = files.write("orders.jsonl", spread(30, START, 12 * FIVE_MS))
    views = [e | {"type": "view"} for e in spread(600, START + 1, 12 * FIVE_MS, "c")]
    clicks = files.write("clicks.jsonl", views)
    done = files.run("--order", "file", "--input", orders, "--input", clicks)
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in files.alerts.read_bytes().splitlines()]
    (rate,) = [row for row in rows if row["monitor"] == "rate"]
    assert (rate["window"]["end"], rate["transition"], rate["actual"]) == (START + FIVE_MS, "opened", 0.06)
