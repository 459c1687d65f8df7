"""When a machine's state is taken, and how it goes out."""

from types import SimpleNamespace

import pytest

from streams.runner import checkpoint
from streams.runner.checkpoint import Writer, find
from streams.runner.hooks import State
from streams.runner.snapshots import APPLIED_MAX, BLOCKS, Snapshots

EVERY_S = 10.0


def snapshots(*, fresh=False, blocks=10, now_s=0.0):
    machine = SimpleNamespace(snapshot=lambda: [b"state"] * blocks, metadata=lambda: "m")
    return Snapshots(State(machine, 7, Writer("state", "s", None), fresh), "plan", now_s)


def found(outputs):
    return find({one.key: one.value for one in outputs}, "s")


@pytest.mark.parametrize(
    ("records", "after_s", "told", "due"),
    [
        pytest.param(1, 10.0, True, True, id="after its time, when something was told"),
        pytest.param(1, 9.9, True, False, id="before its time"),
        pytest.param(1, 19.9, False, False, id="in silence it waits for something to be told"),
        pytest.param(1, 20.0, False, True, id="but not for long"),
        pytest.param(0, 99.0, True, False, id="never of a state that has not changed"),
        pytest.param(APPLIED_MAX, 0.0, False, True, id="at once after many records"),
    ],
)
def test_a_snapshot_is_due(records, after_s, told, due):
    taken = snapshots(now_s=100.0)
    taken.count(records)
    assert taken.due(100.0 + after_s, EVERY_S, told=told) is due


def test_none_is_due_while_the_one_before_is_on_its_way():
    taken = snapshots(fresh=True)
    taken.count(1)
    assert not taken.due(99.0, EVERY_S, told=True)
    taken.take(99.0)
    assert not taken.due(99.0, EVERY_S, told=True)
    list(taken.last(7, 99.0))
    taken.count(1)
    assert taken.due(99.0 + EVERY_S, EVERY_S, told=True)


def test_a_fresh_start_takes_its_state_at_once_and_the_others_do_not():
    assert not snapshots().ready(0.0)
    assert snapshots(fresh=True).ready(0.0)


def test_what_goes_out_with_one_transaction_is_little():
    assert len(snapshots(fresh=True).take(0.0)) == BLOCKS


def test_the_last_one_is_of_the_last_position_and_the_one_on_its_way_is_ended_before():
    taken = snapshots(fresh=True)
    taken.count(3)
    portions = list(taken.last(10, 1.0))
    assert max(map(len, portions)) == BLOCKS
    states = found([output for portion in portions for output in portion])
    assert [(one.checkpoint.offset, one.checkpoint.metadata) for one in states] == [(10, "m"), (7, "m")]


def test_the_last_one_is_left_out_if_nothing_was_applied_since():
    taken = snapshots(fresh=True)
    (state,) = found([output for portion in taken.last(7, 1.0) for output in portion])
    assert state.checkpoint.offset == 7
    assert list(taken.last(7, 2.0)) == []


def test_of_a_heavy_state_nothing_is_left(monkeypatch):
    taken = snapshots(fresh=True)
    monkeypatch.setattr(checkpoint, "HEAVY_BYTES", 3)
    taken.take(0.0)
    taken.count(1)
    assert list(taken.last(8, 1.0)) == []
