"""The runner between assignment and reading: no owner before its state is back."""

import asyncio
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from streams.runner import runner
from streams.runner.role import Role
from streams.runner.runner import STUCK_S, Parts, Runner, Stuck
from streams.runner.vitals import Vitals
from streams.settings.model import Settings
from tests.streams.runner.test_owner import SOURCE, Transactions, own
from tests.streams.runner.test_vitals import Shown

SOURCE_OF_RECORDS = SimpleNamespace(answered_s=lambda: None, caught_up=lambda _: True)


class Takeover:
    """Brings the owner of SOURCE back when `restored` is set."""

    def __init__(self, *_):
        self.restored = asyncio.Event()

    def claim(self, _):
        return Transactions()

    async def complete(self, _, claims, ready):
        await self.restored.wait()
        owner, _, _ = own(Shown())
        ready(owner)


class Heard:
    """What a runner tells."""

    def __init__(self):
        self.observed = []
        self.crashes = []


def running():
    """Return (runner, its takeover, what it tells)."""
    takeover, heard = Takeover(), Heard()
    parts = Parts(
        Settings(),
        {SOURCE.topic: Role("ingest", SOURCE.topic, "state", None)},
        SimpleNamespace(listen=lambda _: None),
        crash=heard.crashes.append,
        applied=lambda _: None,
        committed=lambda *_: None,
        observe=lambda name, *_: heard.observed.append(name),
    )
    with patch.object(runner, "Takeover", lambda *_: takeover):
        return Runner(parts), takeover, heard


def run(scenario):
    asyncio.run(asyncio.wait_for(scenario(), 5))


def names(one):
    return {sample.name for sample in Vitals(one).samples()}


def test_metrics_of_a_partition_appear_only_after_its_state_is_restored():
    async def scenario():
        one, takeover, _ = running()
        one.assigned(SOURCE_OF_RECORDS, [SOURCE])
        await asyncio.sleep(0)
        assert "fenghuo_alert_grade" not in names(one)
        assert Vitals(one).waiting() == "restoring 1 of 1 partitions"
        takeover.restored.set()
        await asyncio.sleep(0.01)
        assert "fenghuo_alert_grade" in names(one)
        assert Vitals(one).waiting() == ""
        assert list(one.leases()) == [SOURCE]
        await one.close(1)

    run(scenario)


def test_a_rebalance_is_over_when_all_that_was_assigned_is_read_again():
    async def scenario():
        one, takeover, heard = running()
        takeover.restored.set()
        one.assigned(SOURCE_OF_RECORDS, [SOURCE])
        await asyncio.sleep(0.01)
        assert heard.observed == []  # a start is none
        await one.revoked()
        assert (dict(one.leases()), one.owners) == ({}, {})
        one.assigned(SOURCE_OF_RECORDS, [SOURCE])
        await asyncio.sleep(0.01)
        assert heard.observed == ["fenghuo_rebalance_seconds"]
        await one.close(1)

    run(scenario)


@pytest.mark.parametrize(("stuck_s", "ends"), [(STUCK_S, False), (STUCK_S + 1, True)])
def test_a_partition_that_does_not_move_ends_the_process(stuck_s, ends):
    async def scenario():
        one, _, heard = running()
        one.owners[SOURCE] = SimpleNamespace(source=SOURCE, stuck_s=lambda: stuck_s, described=lambda: "so")
        one.watch()
        assert [type(error) for error in heard.crashes] == [Stuck] * ends

    run(scenario)
