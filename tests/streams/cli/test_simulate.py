"""`fenghuo simulate`: what it writes, and what it refuses."""

import json
import socket

import pytest
from click.testing import CliRunner

from streams.cli.main import main

HOUR = ["simulate", "--days", "0.04", "--until", "2026-03-03T20:00:00Z"]


def _run(*arguments):
    return CliRunner().invoke(main, [*HOUR, *arguments])


def test_the_same_arguments_make_the_same_file(tmp_path):
    one, other = tmp_path / "one.jsonl.gz", tmp_path / "other.jsonl.gz"
    assert _run("--output", str(one)).exit_code == 0
    assert _run("--output", str(other)).exit_code == 0
    assert one.read_bytes() == other.read_bytes()


def test_the_truth_counts_what_is_in_the_file(tmp_path):
    events, truth = tmp_path / "events.jsonl", tmp_path / "truth.json"
    done = _run(
        "--output", str(events), "--truth", str(truth), "--late", "0.1", "--fault", "order_outage@-30m+10m"
    )
    assert done.exit_code == 0, done.output
    told = json.loads(truth.read_bytes())
    assert sum(topic["records"] for topic in told["records"].values()) == len(
        events.read_bytes().splitlines()
    )
    assert told["records"]["click"]["late"] > 100
    assert [fault["name"] for fault in told["faults"]] == ["order_outage"]
    assert told["end_ms"] - told["faults"][0]["start_ms"] == 30 * 60_000
    assert "no orders are created" in done.stderr


def test_without_an_output_the_events_go_to_stdout():
    done = _run("--broken", "0")
    assert done.exit_code == 0
    assert {"event_id", "event_time", "type"} <= json.loads(done.stdout.splitlines()[0]).keys()


def test_kafka_that_is_not_there_is_a_failure_with_what_to_do(monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # taken but not listening: nobody answers there
        servers = f"127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setenv("FENGHUO_KAFKA__BOOTSTRAP_SERVERS", servers)
        done = _run("--kafka")
    assert done.exit_code == 1
    assert f"Kafka at {servers}" in done.output
    assert "fenghuo kafka up" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--days", "0"], "the span ends before it starts", id="no length"),
        pytest.param(["--days", "nan"], "the span ends before it starts", id="no number"),
        pytest.param(["--until", "2999-01-01"], "is in the future", id="future"),
        pytest.param(["--until", "then"], "give ISO 8601", id="no time"),
        pytest.param(["--fault", "fire@-1h+5m"], "no kind 'fire'", id="unknown fault"),
        pytest.param(["--faults", "3"], "write random:3", id="faults without the word"),
        pytest.param(["--late", "-0.1"], "'--late': -0.1 is not in the range", id="negative share"),
        pytest.param(["--late", "0.9", "--broken", "0.9"], "over 1 together", id="shares over one"),
        pytest.param(["--rate", "0"], "give a number over 0", id="no rate"),
        pytest.param(["--timezone", "Mars/Olympus"], "no time zone 'Mars/Olympus'", id="unknown zone"),
        pytest.param(["--speed", "60"], "--speed is for --kafka", id="a paced file"),
        pytest.param(["--kafka", "--speed", "0.5"], "give 1 or more", id="slower than life"),
        pytest.param(["--kafka", "--speed", "fast"], "give 1 or more", id="no speed"),
        pytest.param(["--kafka", "--output", "x"], "exclude each other", id="two outputs"),
    ],
)
def test_bad_arguments_are_usage_errors(arguments, message):
    done = _run(*arguments)
    assert done.exit_code == 2
    assert message in done.output
