"""The runner between assignment and reading: nothing is shown of a machine before its state is back."""

import asyncio
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from sinks.metrics import Sample
from streams.runner import runner
from streams.runner.role import Role
from streams.runner.runner import Parts, Runner
from streams.settings.model import Settings
from tests.streams.runner.test_owner import SOURCE, Machine, Transactions, own


class Shown(Machine):
    """A machine with a sample."""

    def samples(self):
        return [Sample("fenghuo_alert_grade", ("orders", "orders", "", "order_volume", "operations"), 4)]


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


def names(running):
    return {sample.name for sample in running.samples()}


def test_metrics_of_a_partition_appear_only_after_its_state_is_restored():
    async def scenario():
        parts = Parts(
            Settings(),
            {SOURCE.topic: Role("ingest", SOURCE.topic, "state", None)},
            SimpleNamespace(listen=lambda _: None),
            crash=pytest.fail,
            applied=lambda _: None,
            committed=lambda *_: None,
            observe=lambda *_: None,
        )
        with patch.object(runner, "Takeover", Takeover):
            running = Runner(parts)
        running.assigned(SimpleNamespace(answered_s=lambda: None), [SOURCE])
        await asyncio.sleep(0)
        assert "fenghuo_alert_grade" not in names(running)
        assert running.waiting() == "restoring 1 of 1 partitions"
        running._takeover.restored.set()
        await asyncio.sleep(0.01)
        assert "fenghuo_alert_grade" in names(running)
        assert running.waiting() == ""
        await running.close(1)

    asyncio.run(asyncio.wait_for(scenario(), 5))
