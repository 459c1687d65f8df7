"""The thread of aiokafka's consumer: heartbeats go on while the main loop computes.

Touches private parts of Faust, as `transport` does, and of aiokafka, as `fetched` does (both are pinned).
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiokafka
from aiokafka import OffsetAndMetadata, TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.transport.drivers.aiokafka import Transport as FaustTransport

from streams.kafka.offsets import committed_offsets
from streams.runner.fetched import Results

FETCH_WAIT_MS = 100  # how long the broker holds an empty fetch: bounds how old our view of the log's end is
# What was fetched and is not wanted yet holds up fetches of other partitions so long. aiokafka's tenth of a
# second is long while a window is waited for; but each fetch looks at all partitions, and with many of them
# sooner ones would cost more than they gain.
UNREAD_S, UNREAD_MANY_S = 0.01, 0.1
MANY = 50  # partitions
FRESH_MS = 2_000  # a view of the log's end older than this says nothing (the broker may be away)


class ConsumerThread(AIOKafkaConsumerThread):  # type: ignore[misc] # untyped, as all of Faust
    """Reads committed records as aiokafka decodes them; knows how far the log goes."""

    def _create_worker_consumer(self, transport: FaustTransport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust has these two hard-wired; the fetcher that reads them is made when the consumer starts.
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    async def _fetch_records(
        self, consumer: aiokafka.AIOKafkaConsumer, *arguments: Any, **options: Any
    ) -> Any:
        """Take records by batches and as aiokafka decodes them: its ConsumerRecords cost half a us each."""
        if not isinstance(consumer._fetcher._records, Results):
            consumer._fetcher._records = Results(consumer._fetcher._records)
        many = len(consumer.assignment()) > MANY
        consumer._fetcher._prefetch_backoff = UNREAD_MANY_S if many else UNREAD_S
        return await super()._fetch_records(consumer, *arguments, **options)

    async def committed(
        self, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Return the group's committed offsets; a partition without one is left out."""
        offsets: Mapping[TopicPartition, OffsetAndMetadata] = await self.call_thread(
            committed_offsets, self._ensure_consumer(), list(partitions)
        )
        return offsets

    async def move(self, partition: TopicPartition, offset: int) -> None:
        """Set the position, dropping what was fetched ahead."""
        await self.call_thread(self._move, partition, offset)

    async def _move(self, partition: TopicPartition, offset: int) -> None:
        self._ensure_consumer().seek(partition, offset)

    def caught_up(self, partition: TopicPartition) -> bool:
        """Whether the last fetch, a moment ago, found nothing more to read."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        if assignment is None or partition not in assignment.tps:
            return False
        state = assignment.state_value(partition)
        if not state.has_valid_position or state.timestamp is None or state.lso is None:
            return False
        fresh: bool = time.time() * 1000 - state.timestamp < FRESH_MS
        return fresh and state.position >= state.lso

    def answered_s(self) -> float | None:
        """Return when the broker last answered a fetch, in seconds since the epoch; None: not yet."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        states = [] if assignment is None else map(assignment.state_value, assignment.tps)
        answered = [state.timestamp for state in states if state.timestamp is not None]
        return max(answered) / 1000 if answered else None
