"""A shop whose alarms are raised and cleared at will, one window of event time after another."""

import json
import time
from collections.abc import Sequence

import msgspec
from aiokafka import AIOKafkaProducer

from streams.settings.model import Metric, MinChange, Monitor, Settings, Time

WINDOW_MS = 300_000
DAY_MS = 86_400_000
LATENESS_MS = 1_000
BAD, GOOD = 200, 2  # orders of an alarm's channel in a window


def alarm_settings(base: Settings, names: Sequence[str]) -> Settings:
    """Return settings with a monitor for each name: an owner, and so a group of notifications, of its own."""
    kafka = msgspec.structs.replace(
        base.kafka,
        partitions={},
        input_partitions=1,
        session_timeout_ms=3_000,
        checkpoint_every_ms=2_000,
        flush_ceiling_ms=100,
    )
    return msgspec.structs.replace(
        base,
        kafka=kafka,
        metrics={
            name: Metric(event="order", where={"type": "created", "channel": name}, count=True)
            for name in names
        },
        monitors=[_alarm(name) for name in names],
        time=Time(lateness_ms=LATENESS_MS, notify_within_ms=30 * DAY_MS, idle_after_ms=3_600_000),
    )


def _alarm(name: str) -> Monitor:
    return Monitor(
        name=name,
        metric=name,
        by=[[]],
        window="5m",
        detector={"threshold": {"above": {"I": BAD // 2}}},
        direction="up",
        min_change=MinChange(),
        resolve_after=1,
        owner=name,
    )


class AlarmShop:
    """Writes one window of orders after another; those of bad channels raise their alarms."""

    def __init__(self, settings: Settings, names: Sequence[str]) -> None:
        self._settings = settings
        self._names = names
        self._bad: set[str] = set()
        self._start_ms = (int(time.time() * 1000) - DAY_MS) // WINDOW_MS * WINDOW_MS
        self._number = 0

    async def turn(self, *, bad: Sequence[str] = (), good: Sequence[str] = ()) -> float:
        """Write a window in which these channels change; return when its last record was written."""
        self._bad = (self._bad | set(bad)) - set(good)
        orders = [
            self._order(name, self._start_ms + 60_000)
            for name in self._names
            for _ in range(BAD if name in self._bad else GOOD)
        ]
        self._start_ms += WINDOW_MS
        orders.append(self._order(self._names[0], self._start_ms + LATENESS_MS))  # time passes the window
        servers = self._settings.kafka.bootstrap_servers
        async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
            for order in orders[:-1]:
                await producer.send(self._settings.topics.order, order)
            await producer.flush()
            await producer.send_and_wait(self._settings.topics.order, orders[-1])
            return time.monotonic()

    def _order(self, channel: str, event_ms: int) -> bytes:
        self._number += 1
        order = {"event_id": f"e{self._number}", "event_time": event_ms, "type": "created"}
        return json.dumps({**order, "order_id": f"o{self._number}", "channel": channel}).encode()
