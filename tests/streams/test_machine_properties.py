"""What the runner relies on, of every machine: neither batches nor a restart anywhere make a difference."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.detect.detect import Detect
from streams.ingest.ingest import Ingest
from streams.machine import Machine, Output, Record
from streams.notify.notify import Notify
from streams.settings.model import Metric, Time
from tests.golden.make import SETTINGS, log
from tests.streams.records import T0, cells_of, click, record, settings_of

BUILD: Mapping[str, Callable[[], Machine]] = {
    "ingest": lambda: Ingest(SETTINGS, "order", 0),
    "detect": lambda: Detect(SETTINGS, 0),
    "notify": lambda: Notify(SETTINGS),
}
READS = {"ingest": SETTINGS.topics.order, "detect": SETTINGS.topics.partial, "notify": SETTINGS.topics.alert}
LATENESS_MS = 30_000
EXAMPLES = 10  # of each machine: one is several runs over two hours of orders


@cache
def logs() -> Mapping[str, Sequence[Record]]:
    """Return what each machine reads when the one before it is flushed at every third record."""
    found: dict[str, Sequence[Record]] = {"ingest": log()}
    for name, following in (("ingest", "detect"), ("detect", "notify")):
        machine, read = BUILD[name](), found[name]
        outputs: list[tuple[int, Output]] = []
        for start in range(0, len(read), 3):
            machine.apply(read[start : start + 3])
            outputs += [(read[start].timestamp, one) for one in machine.flush(0, caught_up=False)]
        mine = [(at, one) for at, one in outputs if one.topic == READS[following]]
        found[following] = [
            Record(n, at, one.key, one.value, one.headers) for n, (at, one) in enumerate(mine)
        ]
    return found


def apply(machine: Machine, records: Sequence[Record], batches: Sequence[int]) -> list[Output]:
    """Apply the records in batches of these sizes, over and over; return the outputs."""
    start = turn = 0
    while start < len(records):
        size = batches[turn % len(batches)]
        machine.apply(records[start : start + size])
        start, turn = start + size, turn + 1
    return machine.flush(0, caught_up=False)


@pytest.mark.parametrize("name", BUILD)
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    places=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
    batches=st.lists(st.integers(1, 90), min_size=1, max_size=5),
)
def test_a_machine_restored_and_replayed_in_silence_goes_on_like_the_straight_one(
    name: str, places: list[float], batches: list[int]
) -> None:
    read = logs()[name]
    frozen_at, committed = (round(place * len(read)) for place in places)
    straight = BUILD[name]()
    apply(straight, read[:frozen_at], [len(read)])
    blocks, metadata = list(straight.snapshot()), straight.metadata()
    apply(straight, read[frozen_at:committed], [len(read)])
    restarted = BUILD[name]()
    restarted.restore(blocks, metadata)
    apply(restarted, read[frozen_at:committed], batches)
    assert restarted.metadata() == straight.metadata()
    rest = read[committed:]
    assert apply(restarted, rest, batches) == apply(straight, rest, [len(read)])
    assert list(restarted.snapshot()) == list(straight.snapshot())


def test_each_machine_has_something_to_read() -> None:
    assert min(len(read) for read in logs().values()) > 20


EVENTS = st.lists(
    st.builds(
        lambda shift, fields: (shift, fields),
        st.integers(0, LATENESS_MS),
        st.fixed_dictionaries({"region": st.sampled_from("ns"), "cost": st.integers(-9, 99)}),
    ),
    max_size=25,
)


@given(events=EVENTS, chance=st.randoms(use_true_random=False))
def test_the_order_of_events_within_lateness_does_not_matter_to_ingest(events, chance) -> None:
    by = [[], ["region"]]
    aggregates = {name: Metric(event="click", **{name: "cost"}) for name in ("sum", "min", "max", "last")}
    config = settings_of(
        {"count": Metric(event="click", count=True), **aggregates}, by, time=Time(lateness_ms=LATENESS_MS)
    )
    bodies = [click(f"e{n}", at=T0 + shift, **fields) for n, (shift, fields) in enumerate(events)]
    found = []
    for _ in range(2):
        ingest = Ingest(config, "click", 0)
        ingest.apply([record(n, body, at=T0 + LATENESS_MS) for n, body in enumerate(bodies)])
        outputs = ingest.flush(T0, caught_up=False)
        found.append(
            [cells_of(outputs, f"{name}/{','.join(dims)}") for name in config.metrics for dims in by]
        )
        chance.shuffle(bodies)
    assert found[0] == found[1]
    assert sum(count for count, _ in found[0][0].values()) == len(bodies)
