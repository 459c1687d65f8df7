"""State of detect: stored anywhere, read back, changed configurations, damaged blocks, many series."""

import random
from functools import cache

import msgspec
import pytest

from streams.detect.detect import Detect
from streams.detect.frontier import HoleInLog
from streams.machine import Record, StateRefused
from tests.golden.make import SETTINGS as GOLDEN
from tests.golden.make import log
from tests.streams.chain import COUNT, FIVE_MS, START, Chain, event, limits, settings_of, spread

BLOCK_BYTES_MAX = 512 * 1024
MONITORS = [
    {"name": "high", "metric": "orders", "by": [[], ["region"]], "detector": limits(4)},
    {"name": "season", "metric": "orders", "by": [["region"]]},
    {"name": "last", "metric": "last", "by": [["region"]], "detector": "jump"},
    {"name": "users", "metric": "users", "detector": limits(9)},
]
METRICS = {
    "orders": COUNT,
    "last": {"event": "order", "last": "amount"},
    "users": {"event": "order", "distinct": "user_id"},
}


def small(**changes):
    monitors = [{**m, **changes} if m["name"] == "high" else m for m in MONITORS]
    return settings_of(METRICS, monitors, time={"replay": True})


def ran(settings=None):
    """Return a chain after an hour of orders in three regions, open alerts included."""
    chain, chance = Chain(settings or small()), random.Random(1)
    for n in range(240):
        fields = {
            "region": chance.choice("nsw"),
            "amount": chance.randrange(100),
            "user_id": str(chance.randrange(9)),
        }
        chain.feed([event(f"e{n}", START + n * 15_000 + chance.randrange(15_000), **fields)])
    return chain


CHAIN = ran()
BLOCKS = list(CHAIN.detects[0].snapshot())


@cache
def golden_partials():
    chain = Chain(GOLDEN)
    ingest = chain.ingest(("order", 0))
    for record in log():
        ingest.apply([record])
        chain.flush(("order", 0))
    return chain.partials[0]


def outputs(detect, partials):
    detect.apply(partials)
    return detect.flush(0, caught_up=False)


@pytest.mark.parametrize("cut", [0, 1, 30, 111, 222, 333, 444, 555, 590])
def test_a_machine_restored_anywhere_tells_what_the_straight_one_tells(cut):
    partials = golden_partials()
    straight, restored = Detect(GOLDEN, 0), Detect(GOLDEN, 0)
    outputs(straight, partials[:cut])
    restored.restore(list(straight.snapshot()), "")
    assert list(restored.snapshot()) == list(straight.snapshot())
    assert outputs(restored, partials[cut:]) == outputs(straight, partials[cut:])
    assert sorted(restored.samples()) == sorted(straight.samples())


def test_late_events_restate_the_windows_that_a_restored_machine_has_not_closed_itself():
    chain = Chain(small())
    chain.feed(spread(5, START, region="n"))
    (opened, *_) = chain.feed([event("x", START + FIVE_MS, region="n")])
    restored = Detect(chain.settings, 0)
    restored.restore(chain.detects[0].snapshot(), "")
    chain.detects[0] = restored
    restated = chain.feed(spread(4, START, tag="late", region="n"))
    assert {(a.monitor, a.entity, a.transition, a.grade, a.actual) for a in restated} == {
        ("high", "", "restated", 2, 9.0),
        ("high", "region=n", "restated", 2, 9.0),
    }
    assert opened.alert_id in {a.alert_id for a in restated}


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        pytest.param({}, 4, id="nothing"),
        pytest.param({"owner": "somebody else", "resolve_after": 9}, 4, id="what people are told"),
        pytest.param({"detector": limits(5)}, 0, id="the detector"),
        pytest.param({"window": "15m"}, 0, id="the window"),
        pytest.param({"only": {"region": ["n"]}}, 0, id="who is watched"),
        pytest.param({"name": "new"}, 0, id="the name"),
    ],
)
def test_a_monitor_whose_learning_depends_on_what_changed_starts_anew_the_others_go_on(changes, known):
    restored = Detect(small(**changes), 0)
    restored.restore(BLOCKS, "")
    rows = {}
    for watch in restored.parts.watches.values():
        name = watch.subject.monitor.name
        rows[name] = rows.get(name, 0) + int((watch.rows >= 0).sum())
    changed = changes.get("name", "high")
    assert rows == {changed: known, "season": 3, "last": 3, "users": 1}


def test_a_monitor_that_is_gone_leaves_nothing_behind():
    fewer = msgspec.structs.replace(small(), monitors=small().monitors[1:])
    restored = Detect(fewer, 0)
    restored.restore(BLOCKS, "")
    assert {watch.subject.monitor.name for watch in restored.parts.watches.values()} == {
        "season",
        "last",
        "users",
    }


def test_state_of_another_version_is_refused():
    head = msgspec.msgpack.decode(BLOCKS[0])
    head[1] += 1
    with pytest.raises(StateRefused, match="version"):
        Detect(small(), 0).restore([msgspec.msgpack.encode(head)], "")


def damaged(chance):
    """Return the blocks with one of them cut off, garbled, of another's kind, or missing."""
    blocks = BLOCKS.copy()
    at = chance.randrange(len(blocks))
    block = bytearray(blocks[at])
    kind = chance.randrange(4)
    if kind == 0:
        del block[chance.randrange(len(block)) :]
    elif kind == 1:
        for _ in range(chance.randrange(1, 4)):
            block[chance.randrange(len(block))] ^= 1 << chance.randrange(8)
    elif kind == 2:  # the fields, where a bit counts most
        block[chance.randrange(min(60, len(block)))] = chance.randrange(256)
    else:
        block = bytearray(chance.randbytes(chance.randrange(40)))
    blocks[at] = bytes(block)
    return blocks


@pytest.mark.parametrize("seed", range(10))
def test_damaged_state_is_refused_and_never_crashes(seed):
    chance, settings, refused = random.Random(seed), small(), 0
    for _ in range(150):
        try:
            Detect(settings, 0).restore(damaged(chance), "")
        except StateRefused:
            refused += 1
    assert refused > 50


def test_blocks_fit_into_a_record_however_many_series_there_are():
    chain = Chain(small())
    many = [event(f"e{n}", START + n, region=f"r{n}", amount=1, user_id=f"u{n}") for n in range(20_000)]
    chain.feed([*many, event("x", START + FIVE_MS, region="r0", amount=2)])
    chain.feed([event("y", START + 2 * FIVE_MS, region="r0", amount=2)])
    blocks = list(chain.detects[0].snapshot())
    assert max(map(len, blocks)) <= BLOCK_BYTES_MAX
    restored = Detect(chain.settings, 0)
    restored.restore(blocks, "")
    assert len(restored.parts.rosters["region",]) == 20_000
    assert list(restored.snapshot()) == blocks


def test_a_restored_machine_still_refuses_a_hole_in_the_log():

    restored = Detect(small(), 0)
    restored.restore(BLOCKS, "")
    with pytest.raises(HoleInLog):
        restored.apply([Record(0, 0, None, CHAIN.partials[0][0].value)])
