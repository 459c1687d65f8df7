"""A courier: brings what waits in one lane to its channel, again and again until it is settled.

Each channel has one of its own: what one receiver does is felt by no other.
"""

import asyncio
import logging
import random
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from sinks.bucket import Buckets
from sinks.channels.channel import Channel
from sinks.lane import Item, Lane, Load
from sinks.metrics import Sample
from sinks.outcome import Outcome, refused
from sinks.retry import Backoff

logger = logging.getLogger(__name__)


class Ways(NamedTuple):
    """What a courier needs of the world.

    now_s    epoch seconds; sleep: of seconds
    settled  told the lane's position after each load: it is kept before the next one goes out
    chance   for the jitter of pauses
    """

    now_s: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    settled: Callable[[str, int], Awaitable[None]]
    chance: random.Random


class Courier:
    """Delivers at least once, one load at a time, in order.

    A load that may succeed later is tried again, with what has come since; one that cannot is given up.
    """

    def __init__(self, name: str, channel: Channel, lane: Lane, ways: Ways, expire_s: float) -> None:
        self.name = name
        self.lane = lane
        self._channel = channel
        self._buckets = Buckets(channel.rates)
        self._backoff = Backoff(ways.chance)
        self._ways = ways
        self._expire_s = expire_s
        self._wake = asyncio.Event()
        self._counts: Counter[str] = Counter()
        self._said: set[str] = set()  # reasons logged since the last success

    def put(self, item: Item) -> None:
        """Take a notification."""
        self.lane.put(item)
        self._wake.set()

    async def run(self) -> None:
        """Deliver, for ever."""
        while True:
            await self._work()
            self._wake.clear()
            if not len(self.lane):
                await self._wake.wait()

    async def _work(self) -> None:
        """Deliver until nothing waits."""
        while len(self.lane):
            wait_s = self._buckets.wait_s(self._ways.now_s())
            if wait_s > 0:
                await self._ways.sleep(wait_s)  # more may come meanwhile: then one digest takes them all
                continue
            self._leave_out()
            if (load := self.lane.load()) is not None:
                await self._deliver(load)

    async def _deliver(self, load: Load) -> None:
        self._buckets.take(self._ways.now_s())
        outcome = await self._send(load)
        self._counts[outcome.what] += 1
        self._tell(outcome)
        if outcome.what == "retry":
            await self._ways.sleep(self._backoff.pause_s(outcome.after_s))
            return
        self._backoff.reset()
        self.lane.settle(load)
        await self._ways.settled(self.name, self.lane.position)

    async def _send(self, load: Load) -> Outcome:
        try:
            return await self._channel.send(load.parcel)
        except Exception as error:  # noqa: BLE001 (a parcel that a channel cannot set must not stop the others)
            where = traceback.format_tb(error.__traceback__)[
                -1
            ].strip()  # not the message: it may hold a token
            return refused(f"cannot be sent: {type(error).__name__} at {' '.join(where.split())}")

    def samples(self) -> Iterable[Sample]:
        """Return what /metrics shows of this channel."""
        for outcome in ("delivered", "retry", "refused", "expired"):
            yield Sample("fenghuo_deliveries_total", (self.name, outcome), self._counts[outcome])
        oldest_ms = self.lane.oldest_ms()
        age_s = 0.0 if oldest_ms is None else max(0.0, self._ways.now_s() - oldest_ms / 1000)
        yield Sample("fenghuo_undelivered_seconds", (self.name,), age_s)
        yield Sample("fenghuo_undelivered", (self.name,), len(self.lane))

    def _leave_out(self) -> None:
        gone = self.lane.expire(int((self._ways.now_s() - self._expire_s) * 1000))
        if gone:
            self._counts["expired"] += gone
            logger.warning("channel %s: %d notifications are too old to be told", self.name, gone)

    def _tell(self, outcome: Outcome) -> None:
        """Log trouble once, and its end."""
        if outcome.what == "delivered":
            if self._said:
                logger.info("channel %s delivers again", self.name)
            self._said.clear()
        elif outcome.reason not in self._said:
            self._said.add(outcome.reason)
            way = "given up" if outcome.what == "refused" else "trying again"
            logger.warning("channel %s %s: %s", self.name, outcome.reason, way)
