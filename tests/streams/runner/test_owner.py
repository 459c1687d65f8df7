"""The owner of a partition, over transactions that only remember: what is committed, and when."""

import asyncio

import pytest
from aiokafka import TopicPartition

from streams.machine import Output, Record
from streams.runner.checkpoint import Writer, find
from streams.runner.hooks import Hooks, State
from streams.runner.hurry import READ_S, Hurry
from streams.runner.lease import BatchLost
from streams.runner.owner import HELD_MAX, Owner
from streams.runner.pace import FLUSH_RECORDS, Pace
from streams.runner.role import Role
from streams.runner.snapshots import BLOCKS

SOURCE = TopicPartition("click", 0)


class Machine:
    """One output per flush with something new; pauses at a record whose value is `pause`."""

    def __init__(self, *, silent=False):
        self.count = self.told = 0
        self.due = self.paused = False
        self.silent = silent

    def apply(self, records):
        self.count += len(records)
        self.paused = any(record.value == b"pause" for record in records)

    def flush(self, now_ms, *, caught_up):
        if self.silent or self.count == self.told:
            return []
        self.told = self.count
        return [Output("partial", b"k", str(self.count).encode())]

    def metadata(self):
        return f"n={self.count}"

    def snapshot(self):
        return [str(self.count).encode()] * 10


class Transactions:
    """Remembers commits; each waits for `gate` if there is one."""

    def __init__(self):
        self.commits = []
        self.expected = 0
        self.gate = None
        self.closed = False

    def expect(self):
        self.expected += 1

    async def commit(self, outputs, source, offset, metadata):
        if self.gate is not None:
            await self.gate.wait()
        self.commits.append((list(outputs), offset, metadata))

    async def close(self):
        self.closed = True


def records(first, count, value=b""):
    return [Record(first + i, 0, None, value) for i in range(count)]


def own(
    machine, *, position=0, fresh=False, checkpoint_s=1e9, caught_up=lambda _: True, now_ms=0, hurry=None
):
    """Return (owner, transactions, lease); its own flushes are an hour away."""
    transactions = Transactions()
    pace = Pace(3600.0, 0.0, checkpoint_s)
    hooks = Hooks(
        spawn=lambda work: asyncio.get_running_loop().create_task(work),
        applied=lambda _: None,
        committed=lambda *_: None,
        observe=lambda *_: None,
        caught_up=caught_up,
        pace=lambda: pace,
        now_ms=lambda: now_ms,
        turn=lambda: asyncio.sleep(0),
        hurry=hurry or Hurry(),
    )
    state = State(machine, position, Writer("state", "s", None), fresh)
    owner = Owner(SOURCE, state, Role("ingest", "click", "state", None), transactions, hooks)
    return owner, transactions, owner.read_on()


def blocks_of(transactions):
    return [one for outputs, *_ in transactions.commits for one in outputs if one.topic == "state"]


def run(scenario):
    asyncio.run(asyncio.wait_for(scenario(), 5))


def test_outputs_go_out_with_the_offset_after_the_last_record_and_its_metadata():
    async def scenario():
        owner, transactions, lease = own(Machine())
        owner.take(lease.hand(records(0, 3)))
        owner.take(lease.hand(records(5, 2)))
        await owner.flush()
        assert transactions.commits == [([Output("partial", b"k", b"5")], 7, "n=5")]
        await owner.disconnect()

    run(scenario)


def test_records_applied_while_a_transaction_is_on_its_way_are_not_committed_with_it():
    async def scenario():
        owner, transactions, lease = own(Machine())
        transactions.gate = asyncio.Event()
        owner.take(lease.hand(records(0, 3)))
        flush = asyncio.create_task(owner.flush())
        await asyncio.sleep(0)
        owner.take(lease.hand(records(3, 4)))
        transactions.gate.set()
        await flush
        assert [(offset, metadata) for _, offset, metadata in transactions.commits] == [(3, "n=3")]
        assert (owner.headway.committed, owner.headway.position) == (3, 7)
        await owner.disconnect()

    run(scenario)


def test_nothing_to_say_makes_no_transaction():
    async def scenario():
        owner, transactions, _ = own(Machine())
        await owner.flush()
        assert transactions.commits == []
        await owner.disconnect()

    run(scenario)


def test_a_batch_under_a_void_lease_is_not_applied():
    async def scenario():
        owner, _, lease = own(Machine())
        batch = lease.hand(records(0, 3))
        owner.read_on()
        owner.take(batch)
        assert (owner.machine.count, owner.headway.position) == (0, 0)
        await owner.disconnect()

    run(scenario)


def test_a_batch_that_went_missing_is_an_error_not_a_hole():
    async def scenario():
        owner, _, lease = own(Machine())
        lease.hand(records(0, 3))
        with pytest.raises(BatchLost):
            owner.take(lease.hand(records(3, 3)))
        await owner.disconnect()

    run(scenario)


def test_a_machine_that_pauses_gets_nothing_more_until_reading_starts_anew():
    async def scenario():
        owner, _, lease = own(Machine())
        first, second = lease.hand(records(0, 2, b"pause")), lease.hand(records(2, 2))
        owner.take(first)
        owner.take(second)
        assert (owner.headway.position, owner.reading) == (2, False)
        owner.take(owner.read_on().hand(records(2, 2)))
        assert (owner.headway.position, owner.reading) == (4, True)
        await owner.disconnect()

    run(scenario)


def test_the_state_of_a_fresh_start_goes_out_with_the_first_outputs():
    async def scenario():
        owner, transactions, lease = own(Machine(), position=7, fresh=True)
        owner.take(lease.hand(records(7, 1)))
        for _ in range(10):
            await owner.flush()
        assert max(len(outputs) for outputs, *_ in transactions.commits) <= BLOCKS + 1
        (found,) = find({one.key: one.value for one in blocks_of(transactions)}, "s")
        assert (found.checkpoint.offset, found.checkpoint.blocks[0]) == (7, b"0")
        await owner.disconnect()

    run(scenario)


def test_a_checkpoint_is_the_state_at_the_offset_it_names_however_long_it_takes_to_write():
    async def scenario():
        owner, transactions, lease = own(Machine(), checkpoint_s=0)
        for first in range(0, 12, 3):
            owner.take(lease.hand(records(first, 3)))
            await owner.flush()
        (found, *_) = find({one.key: one.value for one in blocks_of(transactions)}, "s")
        assert found.checkpoint.blocks == (str(found.checkpoint.offset).encode(),) * 10
        await owner.disconnect()

    run(scenario)


def test_finishing_commits_what_is_applied_leaves_the_state_and_disconnects():
    async def scenario():
        owner, transactions, lease = own(Machine(silent=True))
        owner.take(lease.hand(records(0, 3)))
        await owner.finish()
        assert transactions.commits[-1][1] == 3
        (found,) = find({one.key: one.value for one in blocks_of(transactions)}, "s")
        assert found.checkpoint.offset == 3
        assert transactions.closed
        assert not owner.reading

    run(scenario)


def test_a_machine_that_is_due_is_flushed_at_once_and_does_not_spin_when_it_stays_due():
    async def scenario():
        owner, transactions, lease = own(Machine())
        owner.machine.due = True
        owner.take(lease.hand(records(0, 3)))
        while not transactions.commits:
            await asyncio.sleep(0)
        assert transactions.commits[0][1] == 3
        await owner.disconnect()

    run(scenario)


def test_a_slow_broker_slows_reading():
    async def scenario():
        owner, transactions, lease = own(Machine())
        transactions.gate = asyncio.Event()
        owner.take(lease.hand(records(0, FLUSH_RECORDS)))
        await asyncio.sleep(0.01)  # a transaction is on its way, and hangs
        assert owner.room
        owner.take(lease.hand(records(FLUSH_RECORDS, HELD_MAX - FLUSH_RECORDS)))
        assert not owner.room
        assert not lease.wanted
        transactions.gate.set()
        while not owner.room:
            await asyncio.sleep(0)
        assert transactions.commits[0][1] == FLUSH_RECORDS
        await owner.disconnect()

    run(scenario)


def test_while_somebody_waits_who_has_just_told_is_not_read_and_who_has_not_is():
    async def scenario():
        hurry = Hurry()
        machine = Machine()
        first, transactions, lease = own(machine, hurry=hurry)
        second, *_ = own(Machine(), hurry=hurry)
        transactions.gate = asyncio.Event()
        first.take(lease.hand(records(0, 1)))
        machine.due = True
        commit = asyncio.create_task(first.flush())
        await asyncio.sleep(0)
        assert (first.room, second.room) == (False, True)
        transactions.gate.set()
        await commit
        assert (first.room, second.room) == (False, True)
        await asyncio.sleep(READ_S)  # whoever reads what it told has had the machine
        assert (first.room, second.room) == (True, True)
        with hurry:
            assert (first.room, second.room) == (False, True)
        await asyncio.gather(first.disconnect(), second.disconnect())

    run(scenario)


def test_a_commit_is_announced_with_the_first_record():
    async def scenario():
        owner, transactions, lease = own(Machine())
        assert transactions.expected == 0
        owner.take(lease.hand(records(0, 1)))
        assert transactions.expected == 1
        await owner.disconnect()

    run(scenario)


def test_a_machine_with_nothing_to_say_is_read_on():
    async def scenario():
        owner, _, lease = own(Machine(silent=True))
        for first in range(0, 3 * HELD_MAX, 5_000):
            owner.take(lease.hand(records(first, 5_000)))
            await owner.flush()
            assert owner.room
        await owner.disconnect()

    run(scenario)


def test_a_partition_is_behind_by_the_age_of_its_last_record_while_there_is_more_to_read():
    async def scenario():
        more = True
        owner, _, lease = own(Machine(), caught_up=lambda _: not more, now_ms=90_000)
        assert owner.behind_s() is None  # nothing applied yet: nobody knows
        owner.take(lease.hand([Record(0, 30_000, None, b"")]))
        assert owner.behind_s() == 60.0
        more = False
        assert owner.behind_s() == 0.0
        await owner.disconnect()

    run(scenario)


@pytest.mark.parametrize("more", [False, True])
def test_what_ends_a_backlog_is_committed_at_once(more):
    async def scenario():
        owner, transactions, lease = own(Machine(), caught_up=lambda _: not more, now_ms=90_000)
        owner.take(lease.hand(records(0, 3)))  # a minute and a half old
        for _ in range(5):
            await asyncio.sleep(0)
        assert bool(transactions.commits) is not more
        await owner.disconnect()

    run(scenario)
