"""Stands in for `streams.runner.transport`: the consumer of a group that hands batches to the runner."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from aiokafka import OffsetAndMetadata, TopicPartition
from aiokafka.errors import KafkaConnectionError

from streams.runner.lease import Batch
from streams.runner.runner import Runner
from tests.chaos.simulated.fake_client import FETCHED_MAX, Net
from tests.chaos.simulated.fake_group import Group

POLL_S = 0.15
HEARTBEAT_S = 0.75
FRESH_S = 2.0
LAG_OF = 6  # one batch in so many waits before the agent takes it
LAG_S = 0.3


class Consumer:
    """A member of the group. Like Faust's it goes on fetching and applying until it hears of a rebalance."""

    def __init__(self, net: Net, group: Group, group_id: str, member: str, runner: Runner) -> None:
        self._net = net
        self._group = group
        self._group_id = group_id
        self._member = member
        self._runner = runner
        self._fetching, self._asking = net.connect(), net.connect()
        self._positions: dict[TopicPartition, int] = {}
        self._moves: defaultdict[TopicPartition, int] = defaultdict(int)
        self._at_end_s: dict[TopicPartition, float] = {}
        self._batches: asyncio.Queue[Batch] = asyncio.Queue()

    async def committed(
        self, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        return await self._asking.send(lambda: self._net.broker.committed(self._group_id, partitions))

    async def move(self, partition: TopicPartition, offset: int) -> None:
        await asyncio.sleep(0)
        self._positions[partition] = offset
        self._moves[partition] += 1  # voids the fetch on its way

    def caught_up(self, partition: TopicPartition) -> bool:
        return self._net.loop.time() - self._at_end_s.get(partition, -FRESH_S) < FRESH_S

    def answered_s(self) -> float | None:
        """Return nothing: who waits in vain is no matter of correctness."""
        return None

    async def belong(self) -> None:
        """Take part in the group: join, give all up when told so, join again."""
        while True:
            self._runner.assigned(self, await self._join())
            while await self._may_stay():
                self._runner.watch()
                await asyncio.sleep(HEARTBEAT_S)
            await self._runner.revoked()

    async def leave(self) -> None:
        """Tell the group good-bye."""
        await self._asking.send(lambda: self._group.leave(self._member))

    async def fetch(self) -> None:
        """Fetch what is leased, for ever."""
        while True:
            if not await self._fetch_once():
                await asyncio.sleep(POLL_S)

    async def work(self) -> None:
        """Give batches to the machines, one after the other, for ever."""
        while True:
            batch = await self._batches.get()
            if self._net.chance.randrange(LAG_OF) == 0:
                await asyncio.sleep(self._net.chance.random() * LAG_S)
            await self._runner.take(batch)

    async def _join(self) -> Sequence[TopicPartition]:
        while True:
            try:
                assigned = await self._asking.send(lambda: self._group.join(self._member))
            except KafkaConnectionError:
                assigned = None
            if assigned is not None:
                return assigned
            await asyncio.sleep(POLL_S)

    async def _may_stay(self) -> bool:
        try:
            return await self._asking.send(lambda: self._group.heartbeat(self._member))
        except KafkaConnectionError:
            return True  # nobody says otherwise

    async def _fetch_once(self) -> bool:
        leases = {partition: lease for partition, lease in self._runner.leases().items() if lease.wanted}
        wanted = {partition: self._positions[partition] for partition in leases}
        moves = {partition: self._moves[partition] for partition in leases}
        count = self._net.chance.randint(1, FETCHED_MAX)
        logs = self._net.broker.logs
        try:
            fetched = await self._fetching.send(
                lambda: {one: logs[one].fetch(at, count) for one, at in wanted.items()}
            )
        except KafkaConnectionError:
            return False
        for partition, (records, position) in fetched.items():
            if self._moves[partition] != moves[partition]:
                continue
            self._positions[partition] = position
            if not records:
                self._at_end_s[partition] = self._net.loop.time()
            elif leases[partition].open:
                self._batches.put_nowait(leases[partition].hand(records))
        return any(records for records, _ in fetched.values())
