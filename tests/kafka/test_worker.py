"""The real worker on a real broker: killed at any moment, it tells what an undisturbed run tells."""

import json
import random
import signal
import time

import msgspec
import pytest

from sinks import alert_record, notification
from streams.detect.detect import Detect
from streams.ingest.ingest import Ingest
from streams.machine import Output, Record
from streams.progress import from_value, is_progress
from streams.settings.model import Metric, MinChange, Monitor, Server, Time
from tests.kafka.process import quick, read, send, workers

pytestmark = pytest.mark.kafka
PARTITIONS = 2
MINUTE_MS = 60_000
START_MS = 1_780_000_200_000
CHANNELS = ("app", "web", "store")


@pytest.fixture
def shop(topics):
    """Orders by channel, watched with hard bounds: an alert opens and resolves every few windows."""
    watch = Monitor(
        name="orders",
        metric="orders",
        by=[[], ["channel"]],
        window="5m",
        detector={"threshold": {"above": {"IV": 30, "III": 50, "II": 70, "I": 140}}},
        direction="up",
        min_change=MinChange(),
        resolve_after=1,
    )
    return msgspec.structs.replace(
        quick(topics, input_partitions=PARTITIONS, partial_partitions=PARTITIONS, checkpoint_every_ms=1_500),
        metrics={"orders": Metric(event="order", count=True)},
        monitors=[watch],
        time=Time(replay=True, idle_after_ms=3_600_000, max_skew_ms=86_400_000),
        server=Server(port=0),
    )


def orders(settings, minutes, seed=3):
    """Return orders in chunks of ten minutes: volume that comes and goes, disorder below the lateness."""
    chance = random.Random(seed)
    chunks, number = [], 0
    rates = [chance.choice((4, 10, 20, 32)) for _ in range(minutes // 5)]
    for first in range(0, minutes, 10):
        events = []
        for minute in range(first, first + 10):
            rate = rates[minute // 5]
            start_ms = START_MS + minute * MINUTE_MS
            count = chance.randrange(rate // 2, rate + 8)
            events.extend(start_ms + chance.randrange(MINUTE_MS) for _ in range(count))
        events.sort(key=lambda at: at + chance.randrange(-5_000, 5_000))
        chunks.append([record(settings, chance, number + i, at) for i, at in enumerate(events)])
        number += len(events)
    end = START_MS + (minutes + 30) * MINUTE_MS  # closes what is open, in every partition
    chunks.append([record(settings, chance, number + part, end, part) for part in range(PARTITIONS)])
    return chunks


def record(settings, chance, number, event_time, partition=None):
    body = {
        "event_id": f"e{number}",
        "event_time": event_time,
        "type": "created",
        "order_id": f"o{number}",
        "channel": chance.choice(CHANNELS),
        "amount": 10,
    }
    at = number % PARTITIONS if partition is None else partition
    return Output(settings.topics.order, None, json.dumps(body).encode(), partition=at)


def golden(settings):
    """Run the machines over the input log as it lies, in this process; return (alerts, time passed)."""
    logs = read(settings, settings.topics.order, PARTITIONS)
    ingests = [Ingest(settings, "order", part) for part in range(PARTITIONS)]
    detects = [Detect(settings, part) for part in range(PARTITIONS)]
    told = []
    for first in range(0, max(map(len, logs)), 97):
        for ingest, log in zip(ingests, logs, strict=True):
            ingest.apply(log[first : first + 97])
            for output in ingest.flush(0, caught_up=False):
                detects[output.partition].apply([Record(0, 0, output.key, output.value, output.headers)])
        told += [output for detect in detects for output in detect.flush(0, caught_up=False)]
    return alerts_of(told), passed(told)


def alerts_of(records):
    """Return what identifies each transition, in the order of the records."""
    found = [alert_record.from_record(one.value) for one in records if alert_record.is_alert(one.headers)]
    return [
        (a.alert_id, a.sequence, a.transition, a.grade, a.actual) for a in found if a.verdict == "business"
    ]


def passed(records):
    """Return how far each detect partition has closed windows."""
    told = [from_value(one.value) for one in records if is_progress(one.headers)]
    return {
        part: max((p.passed_ms for p in told if p.partition == part), default=0) for part in range(PARTITIONS)
    }


def on_topic(settings):
    return read(settings, settings.topics.alert, 1)[0]


def test_kill_9_of_the_real_worker_gives_the_alerts_of_the_golden_run(shop, tmp_path):
    chance = random.Random(5)
    with workers(tmp_path) as fleet:
        running = [fleet.real(shop).wait_ready(), fleet.real(shop).wait_ready()]
        for number, chunk in enumerate(orders(shop, 300)):
            send(shop, chunk)
            time.sleep(chance.uniform(0.1, 0.4))
            if number % 5 == 4:
                victim = chance.randrange(2)
                running[victim].send(signal.SIGKILL)
                running[victim] = fleet.real(shop)
        alerts, ends = golden(shop)
        until = time.monotonic() + 60
        while passed(on_topic(shop)) != ends:
            assert time.monotonic() < until, (passed(on_topic(shop)), ends)
            time.sleep(0.2)
        told = alerts_of(on_topic(shop))
        for worker in running:
            worker.wait_ready().send(signal.SIGTERM)
        assert [worker.wait() for worker in running] == [0, 0]
    assert len(alerts) > 30
    assert sorted(told) == sorted(alerts)
    keys = [
        notification.from_record(one.value).idempotency_key
        for one in read(shop, shop.topics.notification, 1)[0]
    ]
    assert len(keys) == len(set(keys))
