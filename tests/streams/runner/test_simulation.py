"""The runner under seeded schedules of crashes, zombies and rebalances; and that they find mistakes."""

import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import NamedTuple
from unittest.mock import patch

import pytest
from aiokafka import OffsetAndMetadata, TopicPartition

from streams.machine import Machine, Output, Record
from streams.runner import checkpoint, slot, takeover
from streams.runner.transaction import Transactions
from tests.chaos.simulated.fake_log import FakeLog, Fate, New, Transaction
from tests.chaos.simulated.shop import Shop
from tests.chaos.simulated.simulation import Broken, simulate, simulate_many
from tests.chaos.simulated.stub_machine import Thawing, shop

CHUNK = 25
FOUND_WITHIN = 40  # schedules, until a planted mistake shows


@pytest.mark.parametrize("first", range(0, 200, CHUNK))
def test_whatever_happens_the_outcome_is_that_of_an_undisturbed_run(first: int) -> None:
    counts = simulate_many(range(first, first + CHUNK))
    assert counts["schedules"] == CHUNK
    assert min(counts[fault] for fault in ("kills", "zombies", "starts", "broker_restarts")) > 0


def test_a_seed_is_one_schedule() -> None:
    assert simulate(7) == simulate(7)


def test_zombies_are_refused_in_these_schedules() -> None:
    assert simulate_many(range(CHUNK))["fenced"] > 0


# -- planted mistakes


async def offset_first(
    self: Transactions, outputs: Sequence[Output], source: TopicPartition, offset: int, metadata: str
) -> None:
    """Commit the offset, then the outputs."""
    await self._producer.send_offsets_to_transaction(
        {source: OffsetAndMetadata(offset, metadata)}, self._group
    )
    await self._producer.commit_transaction()
    for output in outputs:
        await (await self._send(output))
    await self._producer.commit_transaction()


async def loud(machine: Machine, batches: AsyncIterator[Sequence[Record]], now_ms: Callable[[], int]) -> None:
    """Replay, and leave the outputs for the next flush."""
    async for records in batches:
        machine.apply(records)


class SameSlot(slot.Slot):
    """Writes each checkpoint over the one before."""

    def __init__(self, topic: str, source: str, number: int) -> None:
        super().__init__(topic, source, 0)


@contextmanager
def one_slot() -> Iterator[None]:
    """Keep one checkpoint only, and take what lies there for whole."""
    with patch.object(checkpoint, "Slot", SameSlot), patch.object(slot, "_whole", lambda *_: True):
        yield


class Planted(NamedTuple):
    """A mistake: a patch of the runner, another machine, or a broker that does not fence."""

    patched: Callable[[], AbstractContextManager[object]] = nullcontext
    make_shop: Callable[[random.Random], Shop] = shop
    fencing: bool = True


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(Planted(fencing=False), id="fence removed"),
        pytest.param(
            Planted(partial(patch.object, Transactions, "commit", offset_first)), id="commit before output"
        ),
        pytest.param(Planted(partial(patch.object, takeover, "replay", loud)), id="replay not silent"),
        pytest.param(
            Planted(make_shop=partial(shop, tally=Thawing)), id="blocks of mixed age: encoded too late"
        ),
        pytest.param(Planted(one_slot), id="blocks of mixed age: one slot, unchecked"),
    ],
)
def test_a_planted_mistake_is_found(planted: Planted) -> None:
    with planted.patched():
        assert any(breaks(planted, seed) for seed in range(FOUND_WITHIN))


def breaks(planted: Planted, seed: int) -> bool:
    try:
        simulate(seed, planted.make_shop, fencing=planted.fencing)
    except Broken:
        return True
    return False


# -- the log they run on


@pytest.mark.parametrize(
    ("fate", "seen"),
    [
        pytest.param(Fate.OPEN, [0], id="open: nothing behind it is seen"),
        pytest.param(Fate.ABORTED, [0, 2], id="aborted: a gap"),
        pytest.param(Fate.COMMITTED, [0, 1, 2], id="committed: all"),
    ],
)
def test_a_reader_sees_what_is_committed(fate: Fate, seen: list[int]) -> None:
    log, transaction = FakeLog(), Transaction()
    log.append(New(0, b"a", b"1"))
    log.append(New(0, b"b", b"2"), transaction)
    log.append(New(0, b"a", b"3"))
    if fate is not Fate.OPEN:
        transaction.end(fate)
    records, position = log.fetch(0, 10)
    assert [record.offset for record in records] == seen
    assert position == (1 if fate is Fate.OPEN else 4)  # the marker has an offset too
    log.compact()
    assert [record.offset for record in log.committed()] == [one for one in seen if one or len(seen) == 1]
