"""Checkpoints as records: what is written comes back, what is cut or damaged does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.runner.checkpoint import (
    HEAVY_BYTES,
    PORTION_BYTES,
    Checkpoint,
    Writer,
    find,
    source_of,
    to_outputs,
)

TOPIC = "state"
SOURCE = source_of("shop", "orders", 3)
OLD = Checkpoint(100, "w=1", (b"one", b"two" * 50, b"three"), "plan")
NEW = Checkpoint(200, "w=2", (b"four", b"five" * 50), "plan")


def records_of(*outputs):
    """Return what a compacted topic holds after these records."""
    kept = {}
    for output in outputs:
        kept[output.key] = output.value
    return {key: value for key, value in kept.items() if value is not None}


def write(*checkpoints):
    writer = Writer(TOPIC, SOURCE, None)
    written = []
    for checkpoint in checkpoints:
        writer.freeze(checkpoint)
        written += writer.take(1000)
    return written


def test_a_checkpoint_comes_back_as_it_was_written():
    (found,) = find(records_of(*write(OLD)), SOURCE)
    assert found.checkpoint == OLD


def test_the_newest_whole_checkpoint_comes_first_and_the_older_one_second():
    found = find(records_of(*write(OLD, NEW)), SOURCE)
    assert [one.checkpoint for one in found] == [NEW, OLD]
    assert {one.slot for one in found} == {0, 1}


@pytest.mark.parametrize("cut", range(1, 4), ids=lambda cut: f"after record {cut} of the third")
def test_a_checkpoint_cut_off_anywhere_leaves_the_one_before_it(cut):
    written = write(OLD, NEW)
    third = write(OLD, NEW, OLD._replace(offset=300, blocks=(b"x", b"y", b"z")))[len(written) :]
    found = find(records_of(*written, *third[:cut]), SOURCE)
    assert found[0].checkpoint == NEW


@given(st.integers(0, 10**6), st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_never_taken_for_a_state(place, bit):
    outputs = list(to_outputs(TOPIC, SOURCE, 0, 1, OLD))
    hit = place % len(outputs)
    value = bytearray(outputs[hit].value)
    value[place % len(value)] ^= 1 << bit
    outputs[hit] = outputs[hit]._replace(value=bytes(value))
    assert find(records_of(*outputs), SOURCE) == []


@given(st.integers(0, 3), st.integers(0, 200))
def test_a_truncated_record_is_never_taken_for_a_state(hit, length):
    outputs = list(to_outputs(TOPIC, SOURCE, 0, 1, OLD))
    value = outputs[hit].value
    outputs[hit] = outputs[hit]._replace(value=value[: min(length, len(value) - 1)])
    assert find(records_of(*outputs), SOURCE) == []


@given(st.binary(max_size=300))
def test_any_bytes_as_manifest_are_refused_quietly(value):
    assert find({f"{SOURCE}/0/manifest".encode(): value}, SOURCE) == []


def test_blocks_of_one_checkpoint_do_not_pass_for_those_of_another():
    old, new = list(to_outputs(TOPIC, SOURCE, 0, 1, OLD)), list(to_outputs(TOPIC, SOURCE, 0, 2, NEW))
    assert find(records_of(*old, *new[:1]), SOURCE) == []  # a new block under the old manifest


def test_the_slot_the_state_was_restored_from_is_not_written_first():
    seen = find(records_of(*write(OLD, NEW)), SOURCE)
    writer = Writer(TOPIC, SOURCE, seen[0], seen)
    writer.freeze(OLD)
    slots = {output.key.split(b"/")[-2] for output in writer.take(1000)}
    assert slots == {str(1 - seen[0].slot).encode()}


def test_serials_go_on_after_a_restart():
    written = write(OLD, NEW)
    seen = find(records_of(*written), SOURCE)
    writer = Writer(TOPIC, SOURCE, seen[0], seen)
    writer.freeze(OLD._replace(offset=300))
    newest = find(records_of(*written, *writer.take(1000)), SOURCE)[0]
    assert newest.checkpoint.offset == 300


def test_a_smaller_state_takes_the_leftover_blocks_away():
    large, small = OLD._replace(blocks=(b"a",) * 5), NEW._replace(blocks=(b"b",))
    kept = records_of(*write(large, large, small, small))
    assert len(kept) == 4  # in each slot one block and the manifest


def test_a_state_is_handed_out_in_order_and_a_few_records_at_a_time():
    writer = Writer(TOPIC, SOURCE, None)
    writer.freeze(OLD)
    parts = []
    while writer.pending:
        parts.append(writer.take(2))
    assert [len(part) for part in parts] == [2, 2]
    assert parts[-1][-1].key.endswith(b"/manifest")


def test_a_second_state_is_not_frozen_over_the_first():
    writer = Writer(TOPIC, SOURCE, None)
    writer.freeze(OLD)
    with pytest.raises(RuntimeError):
        writer.freeze(NEW)


def test_another_group_and_a_longer_name_have_their_own_checkpoints():
    kept = records_of(*write(OLD))
    assert find(kept, source_of("other", "orders", 3)) == []
    assert find(kept, source_of("shop", "orders", 33)) == []


def test_a_checkpoint_is_handed_out_no_faster_than_the_broker_is_to_be_burdened():
    writer = Writer(TOPIC, SOURCE, None)
    writer.freeze(OLD._replace(blocks=(b"x" * PORTION_BYTES,) * 6))
    handed = {0.0: writer.take_due(4, 0.0)}
    for now_s in (0.1, 0.2, 0.3):
        handed[now_s] = writer.take_due(4, now_s)
    assert [len(outputs) for outputs in handed.values()] == [1, 0, 0, 1]  # a portion of 0.25 s each


def test_a_checkpoint_of_many_small_blocks_goes_out_in_a_few_transactions():
    writer = Writer(TOPIC, SOURCE, None)
    writer.freeze(OLD._replace(blocks=(b"x",) * 10))
    assert len(writer.take_due(4, 0.0)) == 4
    assert writer.due(0.001)


@pytest.mark.parametrize(("size", "heavy"), [(HEAVY_BYTES, False), (HEAVY_BYTES + 1, True)])
def test_a_state_is_heavy_by_what_was_restored_or_written(size, heavy):
    written = OLD._replace(blocks=(b"x" * size,))
    restored = Writer(TOPIC, SOURCE, find(records_of(*to_outputs(TOPIC, SOURCE, 0, 1, written)), SOURCE)[0])
    assert restored.heavy == heavy
    fresh = Writer(TOPIC, SOURCE, None)
    fresh.freeze(written)
    fresh.take(1)
    assert fresh.heavy == heavy


def test_blocks_a_checkpoint_cut_off_has_left_behind_are_taken_away():
    left = to_outputs(TOPIC, SOURCE, 0, 1, OLD._replace(blocks=(b"a",) * 5))
    keys = [output.key for output in list(left)[:-1]]  # no manifest: nothing is found, but the keys are there
    writer = Writer(TOPIC, SOURCE, None, keys=keys)
    writer.freeze(NEW._replace(blocks=(b"b",)))
    taken_away = [output.key for output in writer.take(100) if output.value is None]
    assert taken_away == keys[1:]
