"""The courier as people run it: reads notifications, delivers them, until it is told to end."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from sinks.courier import Ways
from sinks.http import Poster
from sinks.metrics import Sample
from streams.courier.fleet import Fleet
from streams.courier.position import Positions
from streams.kafka.offsets import committed_offsets
from streams.machine import Record
from streams.runner.guard import spawn
from streams.settings.connection import connection
from streams.settings.model import Settings
from streams.settings.security_rules import policy_of

FETCH_WAIT_MS = 200
POLL_MS = 500
RECORDS_MAX = 500
COMMIT_S = 5.0
TICK_S = 1.0
LEAVE_S = 2.0


class News(NamedTuple):
    """What the process tells while it works. crash: given any error; it does not return."""

    status: Callable[[str], None]
    publish: Callable[[Sequence[Sample]], None]
    crash: Callable[[BaseException], None]


def group_of(settings: Settings) -> str:
    """Return the courier's consumer group: one of several couriers works, the others stand by."""
    return f"{settings.kafka.group}-courier"


async def serve(settings: Settings, news: News, stop: asyncio.Event) -> None:
    """Deliver until `stop`. What is not settled by then is delivered by the next one."""
    source = TopicPartition(settings.topics.notification, 0)
    policy, ca_file = policy_of(settings), settings.security.ca_file
    async with Poster(policy, time.time, ca_file) as poster, Positions(settings) as positions:
        consumer = AIOKafkaConsumer(
            **connection(settings.kafka),
            group_id=group_of(settings),
            session_timeout_ms=settings.kafka.session_timeout_ms,
            heartbeat_interval_ms=settings.kafka.session_timeout_ms // 4,
            metadata_max_age_ms=5_000,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        shift = Shift(settings, consumer, poster, positions, news)
        consumer.subscribe([source.topic], listener=shift)
        await consumer.start()
        tasks = [spawn(shift.read(), news.crash), spawn(shift.tell(), news.crash)]
        try:
            await stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await shift.end()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(consumer.stop(), LEAVE_S)


class Shift(ConsumerRebalanceListener):  # type: ignore[misc] # untyped
    """From being given the partition to losing it: a fleet that goes on where the last one stopped."""

    def __init__(
        self,
        settings: Settings,
        consumer: AIOKafkaConsumer,
        poster: Poster,
        positions: Positions,
        news: News,
    ) -> None:
        self._settings = settings
        self._source = TopicPartition(settings.topics.notification, 0)
        self._consumer = consumer
        self._poster = poster
        self._positions = positions
        self._news = news
        self._fleet: Fleet | None = None
        self._work: list[asyncio.Task[None]] = []
        self._committed: int | None = None

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Begin: every channel where it stopped, a new one where the group is."""
        if self._source not in assigned:
            return
        start, known = await self._where()
        ways = Ways(time.time, asyncio.sleep, self._positions.write, random.Random())  # noqa: S311 (jitter)
        fleet = Fleet(self._settings, self._poster, ways, known, start)
        self._consumer.seek(self._source, start if fleet.position is None else fleet.position)
        self._work = [spawn(courier.run(), self._news.crash) for courier in fleet.couriers.values()]
        self._fleet = fleet

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """End: another courier goes on."""
        if self._source in revoked:
            await self.end()

    async def end(self) -> None:
        """Stop delivering; what is on its way may arrive, and is delivered again by the next one."""
        await self._commit()
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        self._work, self._fleet, self._committed = [], None, None

    async def read(self) -> None:
        """Read and hand over, for ever."""
        while True:
            fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_MAX)
            records: Sequence[Record] = fetched.get(self._source, ())
            if self._fleet is not None and records:
                self._fleet.take(records)

    async def tell(self) -> None:
        """Tell how it goes about once a second, and commit for those who watch the group's lag."""
        committed_s = 0.0
        while True:
            self._news.status("" if self._fleet is not None else "standing by: another courier works")
            self._news.publish(tuple(self._fleet.samples()) if self._fleet is not None else ())
            if time.monotonic() - committed_s > COMMIT_S:
                await self._commit()
                committed_s = time.monotonic()
            await asyncio.sleep(TICK_S)

    async def _where(self) -> tuple[int, dict[str, int]]:
        """Return where the group is, and where each channel is: at the log's start if that is a new one."""
        begin: int = (await self._consumer.beginning_offsets([self._source]))[self._source]
        end: int = (await self._consumer.end_offsets([self._source]))[self._source]
        committed = (await committed_offsets(self._consumer, [self._source])).get(self._source)
        known = await self._positions.read()
        start = begin if committed is None or not begin <= committed.offset <= end else committed.offset
        return start, {name: at if begin <= at <= end else begin for name, at in known.items()}

    async def _commit(self) -> None:
        position = self._fleet.position if self._fleet is not None else None
        if position is None or position == self._committed:
            return
        await self._consumer.commit({self._source: position})
        self._committed = position
