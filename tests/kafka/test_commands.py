"""The commands that talk to a real broker, run in this process as `fenghuo` runs them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import yaml
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from sinks.alert_record import to_record
from streams.cli.main import main
from streams.drift import Drifted
from streams.drift import to_output as drift_output
from streams.ingest.reject import Reject, to_dead_letter
from streams.kafka.port import free_port
from streams.kafka.topics import wanted
from streams.machine import Output, Record
from streams.progress import Progress, to_output
from streams.recorded.event_key import KEY_FIELD
from streams.runner.control import Reset
from streams.settings.model import Settings
from tests.sinks import alerts

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).parents[2]
T0 = 1_700_000_000_000


@pytest.fixture
def config(settings: Settings, tmp_path: Path) -> str:
    """Return a file that names this test's broker and topics."""
    path = tmp_path / "fenghuo.yaml"
    names = msgspec.structs.asdict(settings.topics)
    kafka = {"bootstrap_servers": settings.kafka.bootstrap_servers, "group": settings.kafka.group}
    path.write_text(yaml.safe_dump({"topics": names, "kafka": kafka}))
    return str(path)


def fenghuo(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    return int(ended.value.code or 0)


def send(settings: Settings, outputs: Sequence[Output]) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.kafka.bootstrap_servers)
    for output in outputs:
        producer.send(output.topic, output.value, output.key, headers=list(output.headers))
    producer.flush()
    producer.close()


def read(settings: Settings, topic: str) -> list[tuple[int, bytes | None, bytes | None]]:
    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka.bootstrap_servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=500,
    )
    consumer.assign([TopicPartition(topic, at) for at in consumer.partitions_for_topic(topic)])
    records = [(record.partition, record.key, record.value) for record in consumer]
    consumer.close()
    return records


def events(count: int) -> list[bytes]:
    kinds = [("view", "user_id"), ("paid", "order_id"), ("movement", "sku"), ("sample", "name")]
    rows = []
    for at in range(count):
        type_, key = kinds[at % 4]
        rows.append({"event_id": f"e{at}", "event_time": T0 + at, "type": type_, key: f"k{at % 12}"})
    return [json.dumps(row).encode() for row in rows]


def test_topics_are_made_and_drift_is_an_exit_code(
    settings: Settings, config: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert fenghuo("topics", "diff", "--config", config) == 3
    assert fenghuo("topics", "apply", "--config", config, "--json") == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    assert {row["topic"] for row in rows if row["state"] == "done"} == set(wanted(settings))
    assert fenghuo("topics", "diff", "--config", config) == 0
    assert capfd.readouterr().out == ""


def test_a_kafka_that_is_not_there_is_one_message(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fenghuo.yaml"
    path.write_text(f"kafka: {{bootstrap_servers: '127.0.0.1:{free_port()}'}}")
    assert fenghuo("topics", "diff", "--config", str(path)) == 1
    told = capfd.readouterr().err
    assert "`fenghuo kafka up` starts a local one" in told
    assert "Traceback" not in told


def test_a_replay_puts_every_line_on_its_topic_under_its_key(
    topics: Settings, config: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = [*events(400), b'{"type": "view", broken']
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(lines))
    assert fenghuo("replay", str(file), "--speed", "max", "--config", config) == 0
    assert "401 events sent" in capfd.readouterr().err
    counts = []
    for kind, field in KEY_FIELD.items():
        records = read(topics, topics.topics.of_event(kind))
        counts.append(len(records))
        good = [(at, key, json.loads(value or b"")) for at, key, value in records if value != lines[-1]]
        assert all(key == event[field].encode() for _, key, event in good)
        assert len({(at, key) for at, key, _ in good}) == len({key for _, key, _ in good})
    assert counts == [100, 100, 100, 101]


def test_a_file_of_a_given_topic_is_sent_whole(topics: Settings, config: str, tmp_path: Path) -> None:
    file = tmp_path / "rubbish.txt"
    file.write_bytes(b"not json\nneither\n")
    assert fenghuo("replay", "--topic", f"order={file}", "--speed", "max", "--config", config) == 0
    sent = sorted(value or b"" for _, _, value in read(topics, topics.topics.order))
    assert sent == [b"neither", b"not json"]


def test_a_line_that_kafka_does_not_take_is_counted_and_the_rest_is_sent(
    topics: Settings, config: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    large = b'{"type": "view", "x": "' + b"x" * 5_000_000 + b'"}'
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join([*events(4), large, *events(4)]))
    assert fenghuo("replay", str(file), "--speed", "max", "--config", config) == 1
    told = capfd.readouterr().err
    assert "8 events sent" in told
    assert "1 not taken by Kafka" in told


def test_a_replay_without_topics_says_how_to_make_them(
    config: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(events(1)[0])
    assert fenghuo("replay", str(file), "--config", config) == 1
    assert "`fenghuo topics apply` makes it" in capfd.readouterr().err


def test_an_interrupted_replay_has_sent_what_it_says(topics: Settings, config: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join([*events(4), json.dumps({"event_time": T0 + 86_000_000}).encode()]))
    args = [sys.executable, "-m", "streams.cli.main", "replay", str(file), "--config", config]
    with subprocess.Popen(args, stderr=subprocess.PIPE, text=True, cwd=ROOT) as replay:
        assert replay.stderr is not None
        while not read(topics, topics.topics.metric):  # the fourth event; the fifth is a day away
            assert replay.poll() is None
        replay.send_signal(signal.SIGINT)
        assert replay.wait(timeout=30) == 130
        told = replay.stderr.read()
    assert "4 events sent" in told
    assert "Traceback" not in told


def letters(settings: Settings) -> list[Output]:
    rejects = [
        ("click", b"{", Reject("broken_json", "ends early")),
        ("click", b"{\x1b[2J", Reject("broken_json", "ends early")),
        ("order", b"\xff", Reject("bad_utf8", "byte 0")),
    ]
    return [
        to_dead_letter(Record(at, T0, b"key", value), reject, settings.topics.of_event(kind), 2)  # type: ignore[arg-type]
        for at, (kind, value, reject) in enumerate(rejects)
    ]


def test_dead_letters_are_counted_by_topic_and_reason(
    topics: Settings, config: str, capfd: pytest.CaptureFixture[str]
) -> None:
    send(topics, letters(topics))
    assert fenghuo("dlq", "list", "--config", config, "--json") == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert rows == [
        {"topic": topics.topics.click, "reason": "broken_json", "count": 2, "redriven": 0},
        {"topic": topics.topics.order, "reason": "bad_utf8", "count": 1, "redriven": 0},
    ]


def test_dead_letters_are_shown_safe_for_a_terminal(
    topics: Settings, config: str, capfd: pytest.CaptureFixture[str]
) -> None:
    send(topics, letters(topics))
    assert fenghuo("dlq", "show", "click", "-n", "1", "--config", config) == 0
    out = capfd.readouterr().out
    assert f"{topics.topics.click}/2 offset 1  broken_json: ends early" in out
    assert "{\\x1b[2J" in out
    assert "\x1b" not in out


def test_resetting_the_fuse_orders_every_partition_to_go_on_from_its_committed_offset(
    topics: Settings, config: str, capfd: pytest.CaptureFixture[str]
) -> None:
    name = topics.topics.order
    assert fenghuo("dlq", "reset-fuse", "order", "--config", config) == 1
    assert f"has never read {name}" in capfd.readouterr().err
    admin = KafkaAdminClient(bootstrap_servers=topics.kafka.bootstrap_servers)
    committed = {TopicPartition(name, at): OffsetAndMetadata(10 + at, "", -1) for at in (0, 3)}
    admin.alter_group_offsets(topics.kafka.group, committed)
    admin.close()
    assert fenghuo("dlq", "reset-fuse", name, "--config", config) == 0
    orders = read(topics, topics.topics.control)
    assert [key for _, key, _ in orders] == [f"{name}/0".encode(), f"{name}/3".encode()]
    assert [msgspec.json.decode(value or b"", type=Reset) for _, _, value in orders] == [
        Reset(name, 0, 10),
        Reset(name, 3, 13),
    ]


def test_an_unknown_topic_of_dead_letters_is_a_usage_error(
    config: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert fenghuo("dlq", "show", "orders", "--config", config) == 2
    assert "no input topic" in capfd.readouterr().err


def alert(settings: Settings, **changes: object) -> Output:
    told = {
        "alert_id": "a",
        "entity": "",
        "window_start_ms": T0,
        "window_end_ms": T0 + 300_000,
        "since_ms": T0,
        "text": "Orders are far below what is usual.",
    }
    key, value, headers = to_record(alerts.alert(**told | changes), "shop")
    return Output(settings.topics.alert, key, value, headers)


def test_alerts_are_listed_in_their_newest_state(
    topics: Settings, config: str, capfd: pytest.CaptureFixture[str]
) -> None:
    progress = to_output(Progress(0, T0, T0), topics.topics.alert)
    resolved = alert(topics, transition="resolved", sequence=1, grade=0)
    send(topics, [alert(topics), progress, alert(topics, alert_id="b", grade=1), resolved])
    assert fenghuo("alerts", "list", "--config", config, "--json") == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(row["alert_id"], row["transition"]) for row in rows] == [("b", "opened"), ("a", "resolved")]
    assert fenghuo("alerts", "list", "--config", config, "--grade", "II") == 0
    told = capfd.readouterr()
    assert "Orders are far below what is usual." in told.out
    assert "0 open, 1 resolved" in told.err


def test_what_was_not_committed_is_neither_listed_nor_waited_for(
    topics: Settings, config: str, capfd: pytest.CaptureFixture[str]
) -> None:
    producer = KafkaProducer(
        bootstrap_servers=topics.kafka.bootstrap_servers, transactional_id=topics.kafka.group
    )
    producer.init_transactions()
    for alert_id, commit in (("kept", True), ("dropped", False)):
        made = alert(topics, alert_id=alert_id)
        producer.begin_transaction()
        producer.send(made.topic, made.value, made.key)
        producer.flush()
        if commit:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
    producer.close()
    assert fenghuo("alerts", "list", "--config", config, "--json") == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [row["alert_id"] for row in rows] == ["kept"]


def test_drifts_are_listed_and_hinted_at(
    topics: Settings, config: str, capfd: pytest.CaptureFixture[str]
) -> None:
    drifted = Drifted(
        monitor="conversion", by=(), window=900_000, partition=0, since=T0, end=T0, before=0.5, after=2.5
    )
    send(topics, [alert(topics), drift_output(drifted, topics.topics.alert)])
    assert fenghuo("alerts", "drift", "--config", config, "--json") == 0
    assert json.loads(capfd.readouterr().out)["monitor"] == "conversion"
    assert fenghuo("alerts", "drift", "--config", config) == 0
    assert "conversion by whole shop" in capfd.readouterr().out
    assert fenghuo("alerts", "list", "--config", config) == 0
    assert "scores have changed: conversion" in capfd.readouterr().err


def test_alerts_are_followed_until_interrupted(topics: Settings, config: str) -> None:
    send(topics, [alert(topics, alert_id="before")])
    args = [sys.executable, "-m", "streams.cli.main", "alerts", "tail", "--json", "--config", config]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=ROOT
    ) as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        assert "following" in tail.stderr.readline()
        send(topics, [alert(topics, alert_id="after")])
        assert json.loads(tail.stdout.readline())["alert_id"] == "after"
        tail.send_signal(signal.SIGINT)
        assert tail.wait(timeout=30) == 130
        assert "Traceback" not in tail.stderr.read()
