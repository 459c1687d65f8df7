"""The afternoon: the simulator sends, the worker watches, notifications are told as they come."""

import asyncio
import time
from collections.abc import Callable

from aiokafka import TopicPartition

from sinks.notification import Notification, from_record
from streams.demo.script import Script
from streams.demo.stage import Worker
from streams.runner.log import Log
from streams.settings import Settings
from streams.simulate.pace import Pace
from streams.simulate.sender import send_to_kafka
from streams.simulate.stream import simulate

SETTLE_S = 20.0  # the last windows close, and what ended is told, at most so long after the last event
CALM_S = 4.0  # or when so long nothing was told
TICK_S = 0.5


def _now_ms() -> float:
    return time.time() * 1000


class Afternoon:
    """Sends the live part of a script at its speed; `told` is called with each notification, in order."""

    def __init__(
        self, script: Script, settings: Settings, worker: Worker, told: Callable[[Notification], None]
    ) -> None:
        self._script = script
        self._settings = settings
        self._worker = worker
        self._told = told
        self.notes: list[Notification] = []
        self.sent = 0
        self._heard_s = 0.0

    async def play(self, tick: Callable[[int], None]) -> None:
        """Run to the end; `tick` is given the simulated time about twice a second. Raises WorkerGone."""
        pace = Pace.build(self._script.live_ms, self._script.end_ms, _now_ms(), self._script.speed)
        follower = asyncio.create_task(self._follow())
        sender = asyncio.create_task(self._send(pace))
        try:
            while not sender.done():
                await asyncio.wait([sender, follower], timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED)
                if follower.done():
                    follower.result()
                self._worker.check()
                tick(int(pace.end_ms - max(0.0, pace.finish_ms - _now_ms()) * pace.speed))
            self.sent = sender.result()
            await self._settle()
        finally:
            for task in (sender, follower):
                task.cancel()
            await asyncio.gather(sender, follower, return_exceptions=True)

    async def _send(self, pace: Pace) -> int:
        script = self._script
        records = simulate(script.shop, script.seed, script.live_ms, script.end_ms, script.faults)
        return await send_to_kafka(records, self._settings, pace, _now_ms)

    async def _follow(self) -> None:
        kafka, topic = self._settings.kafka, self._settings.topics.notification
        async with Log(kafka, TopicPartition(topic, 0)) as log:
            async for records in log.follow(0):
                for record in records:
                    note = from_record(record.value or b"")
                    self.notes.append(note)
                    self._heard_s = time.monotonic()
                    self._told(note)

    async def _settle(self) -> None:
        self._heard_s = ended_s = time.monotonic()
        while time.monotonic() - ended_s < SETTLE_S and time.monotonic() - self._heard_s < CALM_S:
            self._worker.check()
            await asyncio.sleep(TICK_S)
