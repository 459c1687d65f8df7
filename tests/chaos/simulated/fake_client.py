"""Stands in for aiokafka's producer and consumer under the runner's `Transactions` and `Log`."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from aiokafka import OffsetAndMetadata, TopicPartition

from streams.machine import Headers, Record
from tests.chaos.simulated.fake_broker import Broker
from tests.chaos.simulated.fake_log import New
from tests.chaos.simulated.virtual_loop import VirtualLoop
from tests.chaos.simulated.wire import Wire

FETCHED_MAX = 12  # records of one fetch: small, so that there are many places to be killed at
EMPTY_S = 0.1


class Net:
    """Makes connections to one broker."""

    def __init__(self, loop: VirtualLoop, broker: Broker, chance: random.Random) -> None:
        self.loop = loop
        self.broker = broker
        self.chance = chance

    def connect(self) -> Wire:
        """Return a new connection."""
        return Wire(self.loop, self.broker, self.chance)


class Transaction:
    """What the runner asks aiokafka's transaction manager."""

    def __init__(self, wire: Wire, add: Callable[[], None]) -> None:
        self._wire = wire
        self._add = add
        self._transaction_waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def maybe_add_partition_to_txn(self, partition: TopicPartition) -> None:
        """Open the transaction, which partition it is for or not."""
        self._wire.send(self._add).add_done_callback(self._heard)

    def _heard(self, answer: "asyncio.Future[None]") -> None:
        waiter = self._transaction_waiter
        if not answer.cancelled() and (error := answer.exception()) is not None and not waiter.done():
            waiter.set_exception(error)
            waiter.exception()  # seen: a commit may never follow


class Producer:
    """A transactional producer."""

    def __init__(self, net: Net, *, transactional_id: str, **_: Any) -> None:
        self._net = net
        self._broker = net.broker
        self._wire = net.connect()
        self._id = transactional_id
        self._epoch = -1

    async def start(self) -> None:
        self._epoch = await self._wire.send(lambda: self._broker.init_producer(self._id))

    async def begin_transaction(self) -> None:
        """Begin; the broker hears of it with the first partition or record."""
        add = partial(self._broker.add_partition, self._id, self._epoch)
        self._txn_manager = Transaction(self._wire, add)

    async def send(  # noqa: PLR0917 (aiokafka's signature)
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int | None,
        timestamp: int | None,
        headers: Headers,
    ) -> "asyncio.Future[None]":
        target = TopicPartition(topic, partition or 0)  # None only for topics of one partition
        now_ms = timestamp if timestamp is not None else int(self._net.loop.time() * 1000)
        new = New(now_ms, key, value, headers)
        return self._wire.send(lambda: self._broker.produce(self._id, self._epoch, target, new))

    async def send_offsets_to_transaction(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group: str
    ) -> None:
        await self._wire.send(lambda: self._broker.add_offsets(self._id, self._epoch, offsets, group))

    async def commit_transaction(self) -> None:
        await self._wire.send(lambda: self._broker.commit(self._id, self._epoch))

    async def stop(self) -> None:
        """Leave what is open to the next holder of the id."""
        await asyncio.sleep(0)


class Reader:
    """A consumer outside any group, of one partition."""

    def __init__(self, net: Net, **_: Any) -> None:
        self._net = net
        self._wire = net.connect()
        self._position = 0

    async def start(self) -> None:
        await asyncio.sleep(0)

    async def stop(self) -> None:
        await asyncio.sleep(0)

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        logs = self._net.broker.logs
        return await self._wire.send(lambda: {one: logs[one].start for one in partitions})

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        logs = self._net.broker.logs
        return await self._wire.send(lambda: {one: logs[one].stable_end for one in partitions})

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Do nothing: the reader is asked for one partition only."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._position = offset

    async def position(self, partition: TopicPartition) -> int:
        return self._position

    async def getmany(
        self, partition: TopicPartition, *, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, Sequence[Record]]:
        count = self._net.chance.randint(1, min(max_records, FETCHED_MAX))
        log = self._net.broker.logs[partition]
        records, position = await self._wire.send(lambda: log.fetch(self._position, count))
        if position == self._position:
            await asyncio.sleep(min(EMPTY_S, timeout_ms / 1000))
        self._position = position
        return {partition: records} if records else {}
