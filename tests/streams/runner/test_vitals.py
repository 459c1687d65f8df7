"""What is said of a runner: nothing of a machine before its state is back; and why nothing is read."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from sinks.metrics import Sample
from streams.runner.vitals import SILENT_S, Vitals
from tests.streams.runner.test_owner import SOURCE, Machine, own


class Shown(Machine):
    """A machine with a sample."""

    def samples(self):
        return [Sample("fenghuo_alert_grade", ("orders", "orders", "", "order_volume", "operations"), 4)]


def runner(*, owners=None, claims=(), silent_s=None, wanted=True):
    """Return what vitals look at."""
    answered_s = None if silent_s is None else time.time() - silent_s
    return SimpleNamespace(
        owners=owners or {},
        claims=claims,
        transactions={"ingest": 3, "detect": 0},
        source=SimpleNamespace(answered_s=lambda: answered_s),
        leases=lambda: {SOURCE: SimpleNamespace(wanted=wanted)},
    )


def shown(looked_at):
    return {(name, labels): value for name, labels, value, *_ in Vitals(looked_at).samples()}


def test_metrics_of_a_partition_are_those_of_its_owner():
    async def scenario():
        owner, *_ = own(Shown())
        samples = shown(runner(owners={SOURCE: owner}))
        assert "fenghuo_alert_grade" in {name for name, _ in samples}
        assert samples["fenghuo_behind_seconds", ("click", "0")] == 0.0
        assert samples["fenghuo_partitions", ("ingest",)] == 1
        assert samples["fenghuo_partitions", ("detect",)] == 0
        assert samples["fenghuo_transactions_total", ("ingest",)] == 3
        await owner.disconnect()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("looked_at", "waiting"),
    [
        pytest.param({"claims": [SOURCE]}, "restoring 1 of 1 partitions", id="a state is restored"),
        pytest.param(
            {"claims": [SOURCE], "owners": {1: 1, 2: 2}}, "restoring 1 of 3 partitions", id="others are read"
        ),
        pytest.param({}, "", id="no answer yet"),
        pytest.param({"silent_s": SILENT_S - 1}, "", id="an answer a moment ago"),
        pytest.param({"silent_s": 60.4}, "Kafka has not answered for 60 s", id="the broker is away"),
        pytest.param({"silent_s": 60.0, "wanted": False}, "", id="nothing was asked"),
    ],
)
def test_what_is_in_the_way(looked_at, waiting):
    assert Vitals(runner(**looked_at)).waiting() == waiting
