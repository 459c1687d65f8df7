"""Ids of events lie in blocks of their own, which stay the same while the stream goes on."""

import pytest

from streams.ingest.ingest import Ingest
from streams.ingest.state import IDS
from streams.machine import StateRefused
from streams.runner.checkpoint import Checkpoint, Writer
from streams.settings.model import Metric
from tests.streams.records import T0, click, record, settings_of

SETTINGS = settings_of({"clicks": Metric(event="click", count=True)})
COUNT = 5 * IDS + 100


def ingest_after(count: int) -> Ingest:
    ingest = Ingest(SETTINGS, "click", 0)
    ingest.apply([record(at, click(f"id-{at}", at=T0 + at), at=T0 + at) for at in range(count)])
    ingest.flush(T0, caught_up=False)
    return ingest


def test_full_blocks_of_ids_are_the_same_in_the_next_checkpoint() -> None:
    before = [name for name, _ in ingest_after(COUNT - 100).snapshot().drain() if name]
    after = [name for name, _ in ingest_after(COUNT).snapshot().drain() if name]
    assert len(before) == 5
    assert after == before


def test_only_what_is_new_is_written_the_second_time_into_a_slot() -> None:
    writer = Writer("state", "s", None)
    sizes = []
    for count in (COUNT, COUNT + 10, COUNT + 20):
        ingest = ingest_after(count)
        writer.freeze(Checkpoint(count, ingest.metadata(), ingest.snapshot()))
        sizes.append(sum(len(one.value or b"") for one in writer.take(1_000)))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.01)
    assert sizes[2] < sizes[0] / 10


def test_a_missing_block_of_ids_is_refused() -> None:
    blocks = list(ingest_after(COUNT).snapshot())
    with pytest.raises(StateRefused, match="cut off"):
        Ingest(SETTINGS, "click", 0).restore(blocks[:-1], "")
