"""Damaged checkpoints of real machines: the older one is taken, or none; no crash, no wrong state."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest

from streams.detect.detect import Detect
from streams.ingest.ingest import Ingest
from streams.machine import Machine, StateRefused
from streams.notify.notify import Notify
from streams.runner.checkpoint import Checkpoint, Writer, find
from streams.runner.log import Bounds
from streams.runner.restore import begin
from tests.golden.make import SETTINGS, run

SOURCE = "g/t/0"
DAMAGES = 10_000  # to the checkpoints of each machine
FORGED = 200  # damaged states whose checksums were made to fit
OLD, NEW = 40, 60  # offsets of the two checkpoints
BUILD: dict[str, Callable[[], Machine]] = {
    "ingest": lambda: Ingest(SETTINGS, "order", 0),
    "detect": lambda: Detect(SETTINGS, 0),
    "notify": lambda: Notify(SETTINGS),
}

Records = dict[bytes, bytes]


@cache
def ran() -> Mapping[str, Machine]:
    return run()


@cache
def stored(name: str) -> Records:
    """Return the state topic: the old checkpoint is of a machine without state, the new of one that ran."""
    writer = Writer("state", SOURCE, None)
    kept: dict[bytes | None, bytes | None] = {}
    for offset, machine in ((OLD, BUILD[name]()), (NEW, ran()[name])):
        writer.freeze(Checkpoint(offset, machine.metadata(), machine.snapshot()))
        kept.update((one.key, one.value) for one in writer.take(10_000))
    return {key: value for key, value in kept.items() if key is not None and value is not None}


def damaged(records: Records, chance: random.Random) -> Records:
    """Return the records with one flipped bit, cut off, grown, gone, or swapped with another's value."""
    changed = dict(records)
    key, other = chance.choices([key for key, value in records.items() if value], k=2)
    value = bytearray(records[key])
    match chance.randrange(5):
        case 0:
            value[chance.randrange(len(value))] ^= 1 << chance.randrange(8)
        case 1:
            del value[chance.randrange(len(value)) :]
        case 2:
            value += chance.randbytes(chance.randint(1, 9))
        case 3:
            del changed[key]
            return changed
        case 4:
            changed[other] = records[key]
            value = bytearray(records[other])
    changed[key] = bytes(value)
    return changed


def hostile(name: str) -> Iterator[Records]:
    chance = random.Random(name)
    for _ in range(DAMAGES):
        records = stored(name)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            records = damaged(records, chance)
        yield records


@pytest.mark.parametrize("name", BUILD)
def test_a_damaged_checkpoint_is_never_found(name: str) -> None:
    originals = {one.checkpoint.offset: one.checkpoint for one in find(stored(name), SOURCE)}
    assert set(originals) == {OLD, NEW}
    outcomes: Counter[tuple[int, ...]] = Counter()
    for records in hostile(name):
        found = find(records, SOURCE)
        assert all(one.checkpoint == originals[one.checkpoint.offset] for one in found)
        outcomes[tuple(one.checkpoint.offset for one in found)] += 1
    assert set(outcomes) >= {(NEW, OLD), (NEW,), (OLD,), ()}
    assert outcomes[NEW, OLD] < DAMAGES // 10  # swaps of a record with one like it


@pytest.mark.parametrize("name", BUILD)
@pytest.mark.parametrize("lost", [(), (NEW,), (OLD, NEW)], ids=["none lost", "the newest lost", "both lost"])
def test_a_machine_starts_from_the_newest_that_is_whole(name: str, lost: tuple[int, ...]) -> None:
    found = [one for one in find(stored(name), SOURCE) if one.checkpoint.offset not in lost]
    start = begin(SOURCE, BUILD[name], found, NEW, Bounds(0, NEW))
    assert start.replay_from == (found[0].checkpoint.offset if found else 0)
    expected = ran()[name] if start.replay_from == NEW else BUILD[name]()
    assert list(start.machine.snapshot()) == list(expected.snapshot())


@pytest.mark.parametrize("name", BUILD)
def test_a_state_forged_to_look_whole_is_refused_or_taken_but_crashes_nothing(name: str) -> None:
    chance = random.Random(name)
    blocks, metadata = list(ran()[name].snapshot()), ran()[name].metadata()
    refused = 0
    for _ in range(FORGED):
        by_number = {b"%d" % number: block for number, block in enumerate(blocks)}
        forged = damaged(by_number, chance)
        try:
            BUILD[name]().restore(list(forged.values()), metadata)
        except StateRefused:
            refused += 1
    assert refused > FORGED // 4
