"""The world of one schedule: a broker, a source of events, and workers that a supervisor starts again."""

import asyncio
import random

from aiokafka import TopicPartition

from streams.runner.owner import Owner
from tests.chaos.simulated.fake_broker import Broker
from tests.chaos.simulated.fake_client import Net
from tests.chaos.simulated.fake_group import Group
from tests.chaos.simulated.fake_log import Fate, New, Transaction
from tests.chaos.simulated.fake_worker import Worker
from tests.chaos.simulated.shop import Shop
from tests.chaos.simulated.virtual_loop import Process, VirtualLoop

BACKOFF_S = 0.6
BURIAL_S = 60.0


class World:
    """Everything of one schedule."""

    def __init__(self, shop: Shop, chance: random.Random, *, workers: int, fencing: bool = True) -> None:
        self.loop = VirtualLoop()
        self.loop.set_exception_handler(lambda *_: None)  # answers to the dead are not an error
        self.broker = Broker(fencing=fencing)
        self.shop = shop
        self.chance = chance
        self.workers: list[Worker] = []
        self.fenced = 0
        self._wanted = workers
        self._names = 0
        self._processes: list[Process] = []
        self.net = Net(self.loop, self.broker, chance)
        self._group = Group(shop.owned(), self.loop.time)

    async def feed(self, seconds: float) -> None:
        """Append the events over so many seconds, some in a transaction: its end is a gap in the offsets."""
        for partition, events in self.shop.events.items():
            times = sorted(self.chance.random() * seconds for _ in events)
            for after_s, event in zip(times, events, strict=True):
                self.loop.call_later(after_s, self._append, partition, event)
        await asyncio.sleep(seconds)

    def _append(self, partition: TopicPartition, event: bytes) -> None:
        transaction = Transaction() if self.chance.randrange(5) == 0 else None
        now_ms = int(self.loop.time() * 1000)
        self.broker.logs[partition].append(New(now_ms, None, event), transaction)
        if transaction is not None:
            transaction.end(Fate.COMMITTED)

    async def supervise(self) -> None:
        """Start workers, and again those that end, for ever."""
        while True:
            for worker in [one for one in self.workers if not one.process.alive]:
                self.workers.remove(worker)
                self.fenced += worker.fenced
                if worker.failure is not None:
                    raise worker.failure
            if len(self.workers) < self._wanted:
                self.start_worker()
            await asyncio.sleep(BACKOFF_S * self.chance.random())

    def start_worker(self) -> Worker:
        """Start one more; the supervisor does not replace it."""
        self._names += 1
        worker = Worker(self.net, self._group, self.shop, f"worker-{self._names}")
        self.workers.append(worker)
        self._processes.append(worker.process)
        return worker

    def restart_broker(self, away_s: float) -> None:
        """Kill the broker, and start it again after a while."""
        self.broker.crash()
        self._group.forget()
        self.loop.call_later(away_s, self.broker.boot)

    def compact(self, topic: str) -> None:
        """Compact a topic of one partition."""
        self.broker.logs[TopicPartition(topic, 0)].compact()

    def owners(self) -> dict[TopicPartition, list[Owner]]:
        """Return who holds each partition, in the view of the workers that live."""
        found: dict[TopicPartition, list[Owner]] = {partition: [] for partition in self.shop.owned()}
        for worker in self.workers:
            if worker.process.alive:
                for partition, owner in worker.runner.owners.items():
                    found[partition].append(owner)
        return found

    def settled(self) -> bool:
        """Whether each partition has one owner that has committed all of it."""
        for partition, owners in self.owners().items():
            log = self.broker.logs[partition]
            if log.stable_end != log.end or len(owners) != 1:
                return False
            headway = owners[0].headway
            if headway.uncommitted or log.fetch(headway.committed, 1).records:
                return False
        return True

    def close(self) -> None:
        """End the loop, and before it all that was abandoned on it."""
        while tasks := asyncio.all_tasks(self.loop):
            for process in self._processes:  # also those that were started since
                process.bury()
            self.loop.run_until_complete(asyncio.sleep(0.01))  # cancelled before they begin, tasks warn
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.wait(tasks, timeout=BURIAL_S))
        self.loop.close()
