"""Latency at live speed: from the end of a window to its alert in the hands of a `read_committed` reader.

Run as `python -m tests.bench.latency [EVENTS_PER_S [SECONDS]]`. A worker or two, the job of `versus` and a
monitor that finds one new series to alert on in every window of a second; lateness 0. Measured from when the
watermark passes the end of the window: the broker's time of the record that ends it in the last source; and
from the end of the window on the clock, of which the pace of the sender (a batch a partition every 20 ms or
more) is a part. Figures go to build/bench-latency.json and stdout.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Sequence
from typing import Any

import msgspec
import numpy as np
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from sinks.alert_record import from_record, is_alert
from streams.kafka.topics import apply
from streams.settings.model import Metric, Monitor, Settings, Time
from tests.bench import site
from tests.bench.peers.job import TYPES
from tests.bench.versus import JOB

SHAPES = ((4, 4, 1), (16, 4, 1), (16, 4, 2), (16, 16, 1), (64, 8, 1))  # sources, partial partitions, workers
EVENTS_PER_S = 10_000
SECONDS = 40
WARM_S = 10  # after the worker is ready; not measured
SPIKE = 20  # views of one campaign within a window
SPIKES = Monitor(
    name="spikes",
    metric="campaign_views",
    by=[["campaign"]],
    window="1s",
    detector={"threshold": {"above": {"III": SPIKE / 2}}},
    resolve_after=1,
)
LIVE = Settings(
    time=Time(pane_ms=1_000, lateness_ms=0),
    metrics={
        **JOB.metrics,
        "campaign_views": Metric(event="click", where={"category": "spike"}, count=True),
    },
    monitors=[*JOB.monitors, SPIKES],
)
EVENT = (
    b'{"event_id":"clk-%012d","event_time":%d,"type":"%b","user_id":"u%d","session_id":"s%d","sku":"sku-%d",'
    b'"category":"%b","campaign":"%b","channel":"app","device":"ios","region":"r%d","cost":0.%02d}'
)


def event(number: int, now_ms: int) -> bytes:
    """Return a click of about 250 bytes; some of each second belong to the campaign that spikes."""
    second, within = divmod(now_ms, 1_000)
    spike = 300 <= within < 700 and number % 50 == 0
    if spike:
        return _event(number, now_ms, b"spike", b"spike-%d" % second)
    return plain(number, now_ms)


def plain(number: int, now_ms: int) -> bytes:
    """Return a click of one of twenty campaigns."""
    return _event(number, now_ms, b"c%d" % (number % 40), b"camp-%d" % (number % 20))


def _event(number: int, now_ms: int, category: bytes, campaign: bytes) -> bytes:
    user, type_ = number % 99_991, TYPES[number % 5].encode()
    codes = category, campaign, number % 5, number % 100
    return EVENT % (number, now_ms, type_, user, user, number % 1_999, *codes)


class Sender:
    """Sends at a steady rate, a batch a partition at a time.

    sent       events
    passed_ms  by second: when the broker had a record of it, or of a later one, in every partition
    """

    def __init__(self, producer: AIOKafkaProducer, topic: str, partitions: int) -> None:
        self._producer, self._topic, self._partitions = producer, topic, partitions
        self._begun = [0] * partitions  # the second that the last batch of each belongs to
        self._notes: set[asyncio.Task[None]] = set()
        self.sent = 0
        self.passed_ms: dict[int, int] = {}

    async def run(self, rate: int, until_s: float) -> None:
        """Send until then."""
        # beyond a thousand batches a second we would measure the sender
        tick_s, started = max(0.02, self._partitions / 1_000), time.time()
        while (now := time.time()) < until_s:
            due = int((now - started) * rate) - self.sent
            for partition in range(self._partitions):
                await self._send(partition, range(self.sent + partition, self.sent + due, self._partitions))
            self.sent += due
            await asyncio.sleep(max(0.0, now + tick_s - time.time()))
        await asyncio.gather(*self._notes)

    async def _send(self, partition: int, numbers: range) -> None:
        batch, now_ms = self._producer.create_batch(), int(time.time() * 1000)
        for number in numbers:
            batch.append(key=None, value=event(number, now_ms), timestamp=None)
        if not batch.record_count():
            return
        batch.close()
        delivery = await self._producer.send_batch(batch, self._topic, partition=partition)
        if now_ms // 1_000 > self._begun[partition]:
            self._begun[partition] = now_ms // 1_000
            note = asyncio.create_task(self._note(now_ms // 1_000, delivery))
            self._notes.add(note)
            note.add_done_callback(self._notes.discard)

    async def _note(self, second: int, delivery: Awaitable[RecordMetadata]) -> None:
        appended_ms = (await delivery).timestamp
        self.passed_ms[second] = max(self.passed_ms.get(second, 0), appended_ms)


async def listen(settings: Settings, until_s: float) -> list[tuple[int, float]]:
    """Return (end of the window, when the alert was seen), both in epoch ms, of each alert that opened."""
    consumer = AIOKafkaConsumer(
        settings.topics.alert,
        bootstrap_servers=settings.kafka.bootstrap_servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    found: list[tuple[int, float]] = []
    async with consumer:
        while time.time() < until_s:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                seen_ms = time.time() * 1000
                alerts = [from_record(one.value) for one in records if is_alert(one.headers)]
                found += [
                    (alert.window_end_ms, seen_ms)
                    for alert in alerts
                    if alert.transition == "opened" and alert.monitor == SPIKES.name
                ]
    return found


async def live(
    settings: Settings, partitions: int, rate: int, seconds: int, pids: Sequence[int]
) -> dict[str, Any]:
    """Send, listen, and return the figures."""
    started = time.time()
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka.bootstrap_servers, linger_ms=0)
    async with producer:
        until_s, cpu_s = started + WARM_S + seconds, sum(map(site.cpu_s, pids))
        sender = Sender(producer, settings.topics.click, partitions)
        _, seen = await asyncio.gather(sender.run(rate, until_s), listen(settings, until_s + 3))
    seen = [(end_ms, seen_ms) for end_ms, seen_ms in seen if end_ms > (started + WARM_S) * 1000]
    p50, p99 = np.percentile(
        [seen_ms - sender.passed_ms[end_ms // 1_000] for end_ms, seen_ms in seen], (50, 99)
    )
    end_p50, end_p99 = np.percentile([seen_ms - end_ms for end_ms, seen_ms in seen], (50, 99))
    return {
        "events_per_s": round(sender.sent / (seconds + WARM_S)),
        "windows": len(seen),
        "p50": round(p50),
        "p99": round(p99),
        "from_end_p50": round(end_p50),
        "from_end_p99": round(end_p99),
        "cores": round((sum(map(site.cpu_s, pids)) - cpu_s) / (seconds + WARM_S + 3), 2),
    }


def run(sources: int, targets: int, workers: int, rate: int, seconds: int) -> dict[str, Any]:
    """Measure one shape on a broker of its own."""
    with site.broker() as bootstrap:
        shape = {"partitions": {"click": sources}, "input_partitions": 1, "partial_partitions": targets}
        settings = site.on(bootstrap, LIVE, **shape)
        apply(settings)
        with site.workers(settings, workers) as pids:
            site.wait_ready(workers)
            return asyncio.run(live(settings, sources, rate, seconds, pids))


def measure(rate: int = EVENTS_PER_S, seconds: int = SECONDS) -> dict[str, dict[str, Any]]:
    """Return the figures of each shape."""
    return {_name(*shape): run(*shape, rate, seconds) for shape in SHAPES}


def _name(sources: int, targets: int, workers: int) -> str:
    return f"{sources}x{targets}" + (f", {workers} workers" if workers > 1 else "")


def main() -> None:
    """Measure, print, write."""
    text = msgspec.json.format(json.dumps(measure(*map(int, sys.argv[1:]))))
    (site.BUILD / "bench-latency.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
