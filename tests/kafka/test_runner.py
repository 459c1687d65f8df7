"""The runner on a real broker: every record counted once, whatever happens to the workers."""

import json
import random
import signal
import time

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from streams.kafka.port import free_port
from streams.machine import Output
from streams.runner.control import Reset, to_output
from streams.settings.model import Kafka, Settings
from tests.kafka.process import produce, quick, read, send, workers

pytestmark = pytest.mark.kafka
PARTITIONS = 4


def numbers(count, seed=1):
    source = random.Random(seed)
    return [(number % PARTITIONS, str(source.randrange(1000)).encode()) for number in range(count)]


def golden(values):
    """Return (sum, count) per partition."""
    found = {part: [0, 0] for part in range(PARTITIONS)}
    for part, value in values:
        found[part][0] += int(value)
        found[part][1] += 1
    return {part: tuple(pair) for part, pair in found.items()}


def reports(settings):
    return [
        [json.loads(one.value) for one in part]
        for part in read(settings, settings.topics.partial, PARTITIONS)
    ]


def wait_for(settings, values, timeout_s=60, partitions=range(PARTITIONS)):
    """Wait until the last report of each partition counts all values; return all reports."""
    wanted = golden(values)
    until = time.monotonic() + timeout_s
    while True:
        told = reports(settings)
        counts = [part[-1]["count"] if part else 0 for part in told]
        if all(counts[part] == wanted[part][1] for part in partitions):
            return told
        assert max(c - wanted[p][1] for p, c in enumerate(counts)) <= 0, (
            f"counted twice: {counts} of {wanted}"
        )
        assert time.monotonic() < until, f"{counts} of {wanted}"
        time.sleep(0.1)


def assert_exact(told, values):
    for part, (total, count) in golden(values).items():
        assert (told[part][-1]["total"], told[part][-1]["count"]) == (total, count)
        ends = [report["to"] for report in told[part]]
        assert [report["from"] for report in told[part]] == [0, *ends[:-1]]  # nothing twice, nothing left out


def until_told(settings, partition, end, timeout_s=30):
    """Wait until a report reaches an offset; the offset itself is committed with it."""
    until = time.monotonic() + timeout_s
    while (told := reports(settings)[partition]) == [] or told[-1]["to"] < end:
        assert time.monotonic() < until, told
        time.sleep(0.05)


def order(settings, reset):
    send(settings, [to_output(reset, settings.topics.control)])


def cut(settings, topic, offsets):
    """Delete the records before the offsets, as retention does."""
    client = KafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap_servers)
    client.delete_records({TopicPartition(topic, part): offset for part, offset in offsets.items()})
    client.close()


def test_a_fresh_worker_counts_everything_and_ends_cleanly_on_sigterm(topics, tmp_path):
    settings, values = quick(topics), numbers(2000)
    produce(settings, settings.topics.click, values)
    with workers(tmp_path) as fleet:
        worker = fleet.stub(settings).wait_ready()
        told = wait_for(settings, values)
        worker.send(signal.SIGTERM)
        assert worker.wait() == 0
    assert_exact(told, values)


def test_alerts_written_as_workers_do_are_read_by_a_client_without_further_codecs(topics):
    settings, values = quick(topics), [str(i).encode() for i in range(50)]
    send(settings, [Output(settings.topics.alert, None, value) for value in values], "zstd")
    consumer = KafkaConsumer(
        settings.topics.alert,
        bootstrap_servers=settings.kafka.bootstrap_servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        consumer_timeout_ms=3_000,
    )
    seen = [one.value for one in consumer]
    consumer.close()
    assert seen == values


def test_kill_9_a_zombie_and_restarts_change_nothing(topics, tmp_path):
    settings, values = quick(topics), numbers(12_000, seed=7)
    chance = random.Random(7)
    with workers(tmp_path) as fleet:
        running = [fleet.stub(settings).wait_ready(), fleet.stub(settings).wait_ready()]
        for start in range(0, len(values), 1500):
            produce(settings, settings.topics.click, values[start : start + 1500])
            time.sleep(chance.uniform(0, 0.3))
            victim = chance.randrange(2)
            if start == 4500:
                frozen = running[victim]
                frozen.send(signal.SIGSTOP)  # longer than its session: the other takes its partitions over
                running[victim] = fleet.stub(settings)
                time.sleep(4)
                frozen.send(signal.SIGCONT)
            elif start != 0:
                running[victim].send(signal.SIGKILL)
                running[victim] = fleet.stub(settings)
        told = wait_for(settings, values)
        for worker in running:
            worker.wait_ready().send(signal.SIGTERM)
        assert [worker.wait() for worker in running] == [0, 0]
    assert_exact(told, values)


def test_a_restart_goes_on_from_checkpoint_and_silent_replay(topics, tmp_path):
    settings, values = quick(topics, checkpoint_every_ms=1_000), numbers(4000)
    with workers(tmp_path) as fleet:
        first = fleet.stub(settings).wait_ready()
        for start in range(0, 3000, 500):
            produce(settings, settings.topics.click, values[start : start + 500])
            time.sleep(0.4)
        wait_for(settings, values[:3000])
        first.send(signal.SIGKILL)
        states = read(settings, settings.topics.ingest_state, 1)[0]
        assert any(one.key.endswith(b"manifest") for one in states)
        second = fleet.stub(settings).wait_ready()
        produce(settings, settings.topics.click, values[3000:])
        told = wait_for(settings, values)
        second.send(signal.SIGTERM)
        assert second.wait() == 0
        assert "was the configuration changed" not in second.log.read_text()  # the committed metadata agree
    assert_exact(told, values)


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"], ids=str)
def test_every_compression_is_read(codec, topics, tmp_path):
    settings, values = quick(topics), numbers(400)
    produce(settings, settings.topics.click, values, codec)
    with workers(tmp_path) as fleet:
        fleet.stub(settings)
        assert_exact(wait_for(settings, values), values)


def test_a_paused_partition_goes_on_after_the_operators_order(topics, tmp_path):
    settings, values = quick(topics), numbers(800)
    click = settings.topics.click
    with workers(tmp_path) as fleet:
        fleet.stub(settings).wait_ready()
        produce(settings, click, [(2, b"pause")])
        until_told(settings, 2, 1)
        produce(settings, click, values)
        wait_for(settings, values, partitions=(0, 1, 3))
        assert reports(settings)[2][-1]["count"] == 0
        order(settings, Reset(click, 2, 1))
        told = wait_for(settings, values)
    assert_exact(told, values)


def test_an_order_given_while_no_worker_ran_is_obeyed_at_the_start(topics, tmp_path):
    settings, values = quick(topics), numbers(800)
    click = settings.topics.click
    with workers(tmp_path) as fleet:
        first = fleet.stub(settings).wait_ready()
        produce(settings, click, [(2, b"pause")])
        until_told(settings, 2, 1)
        first.send(signal.SIGKILL)
        first.wait()
        order(settings, Reset(click, 2, 1))
        fleet.stub(settings)
        produce(settings, click, values)
        told = wait_for(settings, values)
    assert_exact(told, values)


def test_a_log_that_was_cut_off_is_refused_with_what_to_do(topics, tmp_path):
    settings, values = quick(topics), numbers(2000)
    click = settings.topics.click
    produce(settings, click, values)
    with workers(tmp_path) as fleet:
        first = fleet.stub(settings)
        wait_for(settings, values)
        first.wait_ready().send(signal.SIGTERM)
        assert first.wait() == 0
        produce(settings, click, values)
        cut(settings, click, dict.fromkeys(range(PARTITIONS), 900))
        second = fleet.stub(settings)
        assert second.wait() == 1
        assert "but the log starts at 900" in second.log.read_text()
        assert "kafka.group" in second.log.read_text()


def test_missing_topics_are_named_with_the_command_that_makes_them(settings, tmp_path):
    with workers(tmp_path) as fleet:
        worker = fleet.stub(settings)
        assert worker.wait() == 1
        assert "fenghuo topics apply" in worker.log.read_text()
        assert settings.topics.click in worker.log.read_text()


def test_an_absent_broker_is_told_and_waited_for_until_sigterm(tmp_path):
    absent = Settings(kafka=Kafka(bootstrap_servers=f"127.0.0.1:{free_port()}"))
    with workers(tmp_path) as fleet:
        worker = fleet.stub(absent)
        worker.wait_said("trying again in 2 s")
        worker.send(signal.SIGTERM)
        assert worker.wait() == 0
        assert "kafka.bootstrap_servers" in worker.log.read_text()
