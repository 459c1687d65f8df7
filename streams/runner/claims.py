"""The claims of a runner: partitions that were assigned to it and are still being taken over."""

import asyncio
from collections.abc import Callable, Container, Sequence

from aiokafka import TopicPartition

from streams.runner.hooks import Spawn
from streams.runner.owner import Owner
from streams.runner.takeover import Source, Takeover
from streams.runner.transaction import Transactions


class Claims:
    """Works on them in the background; each ends with an owner that is given to `ready`, or is dropped."""

    def __init__(self, takeover: Takeover, spawn: Spawn, ready: Callable[[Owner], None]) -> None:
        self._takeover = takeover
        self._spawn = spawn
        self._ready = ready
        self._open: dict[TopicPartition, Transactions] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._open)

    def stake(
        self, source: Source, partitions: Sequence[TopicPartition], owned: Container[TopicPartition]
    ) -> None:
        """Claim what is neither claimed yet nor owned."""
        new = [one for one in partitions if one not in owned and one not in self._open]
        claims = {partition: self._takeover.claim(partition) for partition in new}
        self._open.update(claims)
        task = self._spawn(self._takeover.complete(source, claims, self._settle))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drop(self) -> None:
        """Give all of them up; connections are closed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        dropped, self._open = self._open, {}
        await asyncio.gather(*(transactions.close() for transactions in dropped.values()))

    def _settle(self, owner: Owner) -> None:
        del self._open[owner.source]
        self._ready(owner)
