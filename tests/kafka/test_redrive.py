"""Dead letters sent again on a real broker: each once, whoever is killed or runs beside."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import yaml
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from streams.cli.main import main
from streams.cli.redrive import BATCH, OtherRedrive, consider, redrive, sender
from streams.deadletter.choice import Choice
from streams.deadletter.letter import ATTEMPT, ORIGIN
from streams.ingest.ingest import Ingest
from streams.ingest.reject import Reject, to_dead_letter
from streams.machine import Record
from streams.settings.model import Currency
from tests.kafka.process import read, send

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).parents[2]
NOW = int(time.time() * 1000)
PARTITIONS = 2


@pytest.fixture
def shop(topics, tmp_path):
    """Return (settings, file of them): orders in euro have had no rate until now."""
    kafka = msgspec.structs.replace(topics.kafka, input_partitions=PARTITIONS)
    currency = Currency(base="CNY", rates={"EUR": 8.0})
    settings = msgspec.structs.replace(topics, kafka=kafka, currency=currency)
    path = tmp_path / "fenghuo.yaml"
    parts = {
        "bootstrap_servers": kafka.bootstrap_servers,
        "group": kafka.group,
        "input_partitions": PARTITIONS,
    }
    names = msgspec.structs.asdict(topics.topics)
    path.write_text(
        yaml.safe_dump({"topics": names, "kafka": parts, "currency": {"base": "CNY", "rates": {"EUR": 8}}})
    )
    return settings, str(path)


def order(number, currency="EUR", event_time=NOW):
    body = {"event_id": f"e{number}", "event_time": event_time, "type": "created", "order_id": f"o{number}"}
    return json.dumps({**body, "amount": 1, "currency": currency}).encode()


def refuse(settings, values, reason="unknown_currency"):
    """Write dead letters, one for each value, from alternating partitions."""
    topic = settings.topics.order
    send(
        settings,
        [
            to_dead_letter(
                Record(i, NOW, b"k", value, (("trace", b"t"),)), Reject(reason, "?"), topic, i % PARTITIONS
            )
            for i, value in enumerate(values)
        ],
    )


def fenghuo(*args):
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    return int(ended.value.code or 0)


def orders(settings):
    """Return all orders a read_committed reader sees."""
    return [one for log in read(settings, settings.topics.order, PARTITIONS) for one in log]


def ids(settings):
    return sorted(json.loads(one.value)["event_id"] for one in orders(settings))


def test_a_dry_run_tells_what_would_become_of_them_and_sends_nothing(shop, capfd):
    settings, config = shop
    refuse(settings, [order(0), order(1, "USD"), b"{"])
    assert fenghuo("dlq", "redrive", "order", "--dry-run", "--json", "--config", config) == 0
    out, err = capfd.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["fate"] for row in rows] == ["counted", "refused", "refused"]
    assert "unknown_currency" in rows[1]["why"]
    assert "2  refused" in err
    assert orders(settings) == []


def test_letters_go_back_to_their_partitions_as_they_were_and_only_once(shop, capfd):
    settings, config = shop
    refuse(settings, [order(n) for n in range(5)])
    for told in ("5 sent again", "0 sent again"):
        assert fenghuo("dlq", "redrive", "order", "--yes", "--config", config) == 0
        assert told in capfd.readouterr().err
    logs = read(settings, settings.topics.order, PARTITIONS)
    assert [[json.loads(one.value)["event_id"] for one in log] for log in logs] == [
        ["e0", "e2", "e4"],
        ["e1", "e3"],
    ]
    headers = dict(logs[0][1].headers)
    assert headers == {"trace": b"t", ATTEMPT: b"1", ORIGIN: f"{settings.topics.order}.dlq/0/2".encode()}
    assert fenghuo("dlq", "list", "--json", "--config", config) == 0
    (row,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert (row["count"], row["redriven"]) == (5, 5)


def test_without_a_yes_it_asks_and_a_no_sends_nothing(shop):
    settings, config = shop
    refuse(settings, [order(0)])
    args = [sys.executable, "-m", "streams.cli.main", "dlq", "redrive", "order", "--config", config]
    ended = subprocess.run(
        args, input="n\n", capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert "again? [y/N]" in ended.stderr
    assert ended.returncode != 0
    assert orders(settings) == []


def test_only_the_chosen_reason_and_time_are_sent(shop, capfd):
    settings, config = shop
    refuse(settings, [order(0)], "unknown_currency")
    refuse(settings, [order(1)], "out_of_range")
    for options, told in (
        (("--reason", "bad_time"), "0 sent again"),
        (("--until", "1h"), "0 sent again"),
        (("--reason", "out_of_range", "--since", "1h"), "1 sent again"),
    ):
        assert fenghuo("dlq", "redrive", "order", "--yes", *options, "--config", config) == 0
        assert told in capfd.readouterr().err
    assert ids(settings) == ["e1"]


def test_what_can_no_longer_be_counted_is_said_and_sent_only_when_asked_for(shop, capfd):
    settings, config = shop
    refuse(settings, [order(0, event_time=NOW - 5 * 86_400_000)])
    commit_progress(settings)
    assert fenghuo("dlq", "redrive", "order", "--yes", "--config", config) == 0
    told = capfd.readouterr().err
    assert "1  too_late" in told
    assert "0 sent again" in told
    assert fenghuo("dlq", "redrive", "order", "--yes", "--too-late", "--config", config) == 0
    assert ids(settings) == ["e0"]


def commit_progress(settings):
    """Commit what ingest commits after an event of now."""
    ingest = Ingest(settings, "order", 0)
    ingest.apply([Record(0, NOW, b"", order("now"))])
    ingest.flush(NOW, caught_up=False)
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap_servers)
    at = {TopicPartition(settings.topics.order, 0): OffsetAndMetadata(1, ingest.metadata(), -1)}
    admin.alter_group_offsets(settings.kafka.group, at)
    admin.close()


def test_a_record_that_is_refused_each_time_is_sent_again_three_times(shop, capfd):
    """The one who redrives has a rate for the currency, the workers have none."""
    settings, config = shop
    workers = msgspec.structs.replace(settings, currency=Currency(base="CNY"))
    refuse(settings, [order(0)])
    ingest, at = Ingest(workers, "order", 0), 0
    for attempt in range(1, 5):
        assert fenghuo("dlq", "redrive", "order", "--yes", "--config", config) == 0
        log = read(settings, settings.topics.order, PARTITIONS)[0]
        assert [dict(one.headers)[ATTEMPT] for one in log] == [
            str(n + 1).encode() for n in range(min(attempt, 3))
        ]
        ingest.apply(log[at:])
        at = len(log)
        send(settings, [one for one in ingest.flush(NOW, caught_up=False) if one.topic.endswith(".dlq")])
    assert "1  exhausted" in capfd.readouterr().err


def test_killed_in_the_middle_and_run_again_each_letter_is_there_once(shop):
    settings, config = shop
    count = 12 * BATCH
    refuse(settings, [order(n) for n in range(count)])
    args = [sys.executable, "-m", "streams.cli.main", "dlq", "redrive", "order", "--yes", "--config", config]
    cut = []
    for _ in range(3):
        before = len(orders(settings))
        with subprocess.Popen(args, stderr=subprocess.DEVNULL, cwd=ROOT) as running:
            while len(orders(settings)) == before and running.poll() is None:
                time.sleep(0.005)
            running.send_signal(signal.SIGKILL)
        cut.append(len(orders(settings)))
    assert 0 < cut[0] < count
    subprocess.run(args, cwd=ROOT, check=True, capture_output=True, timeout=120)
    assert ids(settings) == sorted(f"e{n}" for n in range(count))


def test_of_two_redrives_at_once_the_older_one_is_shut_out(shop):
    settings, _ = shop
    refuse(settings, [order(n) for n in range(4)])

    def chosen():
        return {one.letter.place for one in consider(settings, "order", Choice(), NOW)}

    def all_of(producer, places=None):
        redrive(settings, "order", places or chosen(), producer, lambda _: None)

    def both():
        with sender(settings, settings.topics.order) as older:
            with sender(settings, settings.topics.order) as newer:
                all_of(newer)
            all_of(older, letters)

    letters = chosen()
    with pytest.raises(OtherRedrive):
        both()
    assert ids(settings) == ["e0", "e1", "e2", "e3"]
