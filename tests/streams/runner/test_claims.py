"""Partitions between assignment and owner."""

import asyncio
from types import SimpleNamespace

from aiokafka import TopicPartition

from streams.runner.claims import Claims
from tests.streams.runner.test_owner import Transactions

FIRST, SECOND, THIRD = (TopicPartition("click", number) for number in range(3))


class Takeover:
    """Completes whatever is claimed when `restored` is set; keeps what was claimed."""

    def __init__(self):
        self.claimed = {}
        self.restored = asyncio.Event()

    def claim(self, partition):
        self.claimed[partition] = Transactions()
        return self.claimed[partition]

    async def complete(self, _, claims, ready):
        await self.restored.wait()
        for partition in claims:
            ready(SimpleNamespace(source=partition))


def staked(partitions, owned=()):
    takeover, ready = Takeover(), []
    claims = Claims(takeover, asyncio.get_running_loop().create_task, ready.append)
    claims.stake(None, partitions, owned)
    return claims, takeover, ready


def test_what_is_owned_or_claimed_already_is_not_claimed_again():
    async def scenario():
        claims, takeover, _ = staked([FIRST, SECOND], owned={FIRST: "an owner"})
        before = dict(takeover.claimed)
        claims.stake(None, [SECOND, THIRD], {})
        assert list(before) == [SECOND]
        assert takeover.claimed == {**before, THIRD: takeover.claimed[THIRD]}
        assert len(claims) == 2
        await claims.drop()

    asyncio.run(scenario())


def test_a_claim_ends_when_its_owner_is_ready():
    async def scenario():
        claims, takeover, ready = staked([FIRST, SECOND])
        await asyncio.sleep(0)
        assert (len(claims), ready) == (2, [])
        takeover.restored.set()
        await asyncio.sleep(0.01)
        assert (len(claims), [owner.source for owner in ready]) == (0, [FIRST, SECOND])

    asyncio.run(scenario())


def test_what_is_dropped_is_disconnected_and_nobody_becomes_its_owner():
    async def scenario():
        claims, takeover, ready = staked([FIRST])
        await asyncio.sleep(0)
        await claims.drop()
        takeover.restored.set()
        await asyncio.sleep(0.01)
        assert (len(claims), ready, takeover.claimed[FIRST].closed) == (0, [], True)

    asyncio.run(scenario())
