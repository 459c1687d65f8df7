"""A frozen state is that of its moment, whatever happens before its blocks are encoded."""

import random

import msgspec
import pytest

from streams.detect.detect import Detect
from streams.frozen import Frozen
from streams.ingest.ingest import Ingest
from streams.machine import Record
from tests.golden.make import SETTINGS, log

LOG = log()


def partials(settings=SETTINGS):
    """Return what detect reads: one partial a record."""
    ingest, found = Ingest(settings, "order", 0), []
    for each in LOG:
        ingest.apply([each])
        outputs = ingest.flush(0, caught_up=False)
        found += [
            Record(len(found), each.timestamp, one.key, one.value)
            for one in outputs
            if one.topic == settings.topics.partial
        ]
    return found


PARTIALS = partials()


def after(count):
    detect = Detect(SETTINGS, 0)
    detect.apply(PARTIALS[:count])
    detect.flush(0, caught_up=False)
    return detect


@pytest.mark.parametrize("seed", range(8))
def test_what_is_applied_after_a_freeze_is_not_in_it(seed):
    chance = random.Random(seed)
    at = chance.randrange(len(PARTIALS))
    detect = after(at)
    frozen, expected = detect.snapshot(), list(after(at).snapshot())
    some = chance.sample(range(len(expected)), len(expected) // 2)
    early = {number: frozen[number] for number in some}
    detect.apply(PARTIALS[at:])
    assert list(frozen) == expected
    assert all(expected[number] == block for number, block in early.items())


def test_a_late_event_after_a_freeze_is_not_in_it():
    detect = after(len(PARTIALS))
    frozen, expected = detect.snapshot(), list(detect.snapshot())
    ingest = Ingest(SETTINGS, "order", 0)
    ingest.apply(LOG)
    ingest.flush(0, caught_up=False)
    late = [LOG[len(LOG) - 60]._replace(offset=len(LOG), value=LOG[-60].value.replace(b'"e5', b'"l5'))]
    ingest.apply(late)
    detect.apply([Record(9, LOG[-1].timestamp, o.key, o.value) for o in ingest.flush(0, caught_up=False)])
    assert list(frozen) == expected
    assert list(detect.snapshot()) != expected


def test_a_freeze_that_nobody_wants_any_more_is_not_encoded():
    detect = after(300)
    banks = [watch.bank for watch in detect.parts.watches.values()]
    frozen = detect.snapshot()
    assert any(len(bank._frozen) for bank in banks)
    for _ in frozen.drain():
        pass
    assert not any(len(bank._frozen) for bank in banks)


def test_a_restored_machine_goes_on_like_the_one_that_was_frozen():
    straight, before, restored = after(len(PARTIALS)), after(250), Detect(SETTINGS, 0)
    restored.restore(before.snapshot(), before.metadata())
    restored.apply(PARTIALS[250:])
    restored.flush(0, caught_up=False)
    assert list(restored.snapshot()) == list(straight.snapshot())


def test_a_drained_state_is_empty():
    frozen = after(100).snapshot()
    assert isinstance(frozen, Frozen)
    whole = list(frozen)
    assert [content for _, content in frozen.drain()] == whole
    assert not frozen


def test_fewer_entities_than_before_are_allowed_and_the_known_ones_stay():
    fewer = msgspec.structs.replace(SETTINGS, limits=msgspec.structs.replace(SETTINGS.limits, series=1))
    before, restored = after(300), Detect(fewer, 0)
    restored.restore(before.snapshot(), "")
    assert restored.parts.rosters["channel",].entities == before.parts.rosters["channel",].entities
