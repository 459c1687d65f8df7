"""Where a machine begins: which checkpoint, what is replayed, and when starting is refused."""

import asyncio
import re

import pytest

from streams.machine import Record, StateRefused
from streams.runner.checkpoint import Checkpoint, Found
from streams.runner.log import Bounds
from streams.runner.restore import FLUSH_EVERY, Refused, begin, replay


class Machine:
    """Remembers what it was given."""

    def __init__(self):
        self.state = None
        self.applied = 0
        self.held = 0
        self.held_max = 0

    def restore(self, blocks, metadata):
        if blocks == (b"damaged",):
            self.state = "half"
            raise StateRefused("damaged")
        self.state = blocks

    def apply(self, records):
        self.applied += len(records)
        self.held += len(records)
        self.held_max = max(self.held_max, self.held)

    def flush(self, now_ms, *, caught_up):
        assert not caught_up
        self.held = 0
        return ["an output that was committed before"]


def found(offset, *, block=b"good", serial=1, learned=False):
    return Found(0, serial, Checkpoint(offset, "", (block,), "", learned))


@pytest.mark.parametrize(
    ("checkpoints", "committed", "bounds", "expected"),
    [
        pytest.param([], None, (7, 90), (7, 7, True), id="nothing yet: from where the log begins"),
        pytest.param([found(40)], 60, (7, 90), (40, 60, False), id="checkpoint, then silent replay"),
        pytest.param([], 60, (0, 90), (0, 60, False), id="no checkpoint, whole log: replay all"),
        pytest.param([found(60)], 60, (60, 90), (60, 60, False), id="log cut exactly at the checkpoint"),
        pytest.param(
            [found(9, learned=True)], None, (7, 90), (9, 9, True), id="learned state: from its offset"
        ),
        pytest.param(
            [found(0, learned=True)], None, (7, 90), (7, 7, True), id="learned before the log's start"
        ),
        pytest.param(
            [found(50, block=b"damaged", serial=2), found(40)], 60, (7, 90), (40, 60, False), id="older slot"
        ),
        pytest.param([found(50, block=b"damaged")], 60, (0, 90), (0, 60, False), id="damaged: the whole log"),
    ],
)
def test_a_machine_begins(checkpoints, committed, bounds, expected):
    start = begin("g/t/0", Machine, checkpoints, committed, Bounds(*bounds))
    assert (start.replay_from, start.position, start.fresh) == expected
    assert start.machine.state == (None if start.used is None else (b"good",))


@pytest.mark.parametrize(
    ("checkpoints", "committed", "bounds", "message"),
    [
        pytest.param(
            [found(5)], 60, (7, 90), "but the log starts at 7", id="the log starts after the checkpoint"
        ),
        pytest.param(
            [], 60, (7, 90), "no longer reaches back", id="no checkpoint and the log's start is gone"
        ),
        pytest.param([found(40)], 95, (7, 90), "ends at 90", id="committed beyond the end: another topic"),
        pytest.param([found(70)], 60, (7, 90), "state is that of 70", id="offset was set back"),
        pytest.param(
            [found(40)], None, (7, 90), "committed offset is gone", id="the group's offsets expired"
        ),
    ],
)
def test_a_start_that_would_lose_or_repeat_is_refused_with_a_way_out(checkpoints, committed, bounds, message):
    with pytest.raises(Refused, match=re.escape(message)) as refused:
        begin("g/t/0", Machine, checkpoints, committed, Bounds(*bounds))
    assert "kafka.group" in str(refused.value)


def test_a_replay_gives_outputs_to_nobody_and_holds_a_bounded_number_of_records():
    async def batches():
        for first in range(0, 100_000, 5_000):
            yield [Record(first + i, 0, None, None) for i in range(5_000)]

    machine = Machine()
    asyncio.run(replay(machine, batches(), lambda: 0))
    assert machine.applied == 100_000
    assert machine.held == 0
    assert machine.held_max <= FLUSH_EVERY + 5_000
