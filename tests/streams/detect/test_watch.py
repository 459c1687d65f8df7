"""A watch: which slots get rows and when, what a window shows, what makes it relearn."""

import msgspec
import pytest

from streams.detect.digest import config_hash
from streams.detect.watch import LEFT_OUT, Subject
from tests.streams.chain import CLICKS, COUNT, FIVE_MS, MINUTE_MS, START, Chain, event, limits, settings_of

METRICS = {
    "orders": COUNT,
    "clicks": CLICKS,
    "rate": {"ratio": ["orders", "clicks"]},
    "mean": {"event": "order", "mean": "amount"},
}


def watch_of(events, metric="orders", clicks=(), **monitor):
    """Return the watch of one monitor by region whose boards hold the events; no window is closed."""
    settings = settings_of(
        METRICS, [{"name": "m", "metric": metric, "by": [["region"]], "detector": limits(5), **monitor}]
    )
    chain = Chain(settings)
    if clicks:
        chain.feed(clicks, "click")
    chain.feed(events)
    parts = chain.detects[0].parts
    parts.merge()
    (watch,) = parts.watches.values()
    return watch


def observed(watch, start=START):
    seen = watch.observe([start])
    return {watch.roster.entities[slot]: value for slot, value in zip(seen.slots, seen.values, strict=True)}


def orders(*regions, at=START, **fields):
    return [event(f"{r}{i}{at}", at + i, region=r, **fields) for i, r in enumerate(regions)]


def test_a_series_begins_with_its_first_window_however_far_the_board_has_read():
    watch = watch_of([*orders("n", "n"), *orders("s", at=START + FIVE_MS - 1)])
    later = watch_of([*orders("n", "n"), *orders("s", at=START + FIVE_MS - 1)])
    later.boards[0].buckets[START + FIVE_MS] = watch_of(orders("w")).boards[0].buckets[START]
    assert observed(watch) == observed(later) == {"region=n": 2, "region=s": 1}


def test_a_series_of_a_later_window_is_not_there_yet():
    watch = watch_of(orders("n"))
    board = watch.boards[0]
    slot = int(board.roster.slots(["region=s"])[0])
    board._see(board.roster.slots(["region=s"]))
    assert observed(watch) == {"region=n": 1}
    assert watch.rows.tolist()[slot] < 0
    board.buckets[START].reserve(2, 0)
    board.buckets[START].counts[slot] = 4
    assert observed(watch) == {"region=n": 1, "region=s": 4}


def test_once_there_a_count_observes_zero_for_ever():
    watch = watch_of(orders("n", "s"))
    observed(watch)
    assert observed(watch, START + FIVE_MS) == {"region=n": 0, "region=s": 0}


def test_a_mean_without_events_and_a_ratio_without_exposure_observe_nothing():
    mean = watch_of([*orders("n", amount=4), *orders("n", at=START + 9, amount=1)], "mean")
    assert observed(mean) == {"region=n": 2.5}
    assert observed(mean, START + FIVE_MS) == {}
    views = [e | {"type": "view"} for e in orders("n", "n", "n", "n", "w", at=START + 5)]
    rate = watch_of(orders("n", "s"), "rate", views)
    seen = rate.observe([START])
    named = [rate.roster.entities[slot] for slot in seen.slots]
    assert dict(zip(named, zip(seen.values, seen.exposure, strict=True), strict=True)) == {
        "region=n": (1, 4),
        "region=w": (0, 1),
    }


def test_what_is_left_out_gets_no_row():
    watch = watch_of(orders("n", "s"), only={"region": ["s"]})
    assert observed(watch) == {"region=s": 1}
    assert LEFT_OUT in watch.rows.tolist()


@pytest.mark.parametrize(
    ("change", "same"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"owner": "x", "text": {"en": "so"}, "min_expected": 5}, True, id="how it is told"),
        pytest.param({"detector": limits(6)}, False, id="the detector"),
        pytest.param({"only": {"region": ["n"]}}, False, id="who is watched"),
    ],
)
def test_only_what_learning_depends_on_is_in_the_hash(change, same):
    before, after = watch_of(orders("n")), watch_of(orders("n"), **change)
    assert (before.key == after.key) == same


@pytest.mark.parametrize(
    ("section", "change"),
    [
        pytest.param("time", {"timezone": "Asia/Shanghai"}, id="time zone"),
        pytest.param(
            "metrics", {"clicks": {"event": "click", "where": {"type": "view"}, "count": True}}, id="part"
        ),
    ],
)
def test_the_clock_and_the_parts_of_a_ratio_are_in_the_hash(section, change):
    settings = settings_of(METRICS, [{"name": "m", "metric": "rate"}])
    content = msgspec.to_builtins(settings)
    content[section] |= change
    other = msgspec.convert(content, type(settings))
    subject = watch_of(orders("n"), "rate").subject
    assert config_hash(settings, subject) == config_hash(settings, subject)
    assert config_hash(settings, subject) != config_hash(other, subject)


SPLIT = {"name": "m", "metric": "clicks", "by": [[], ["region"], ["sku"]]}


@pytest.mark.parametrize(
    ("dims", "change", "same"),
    [
        pytest.param(("region",), {"borrow": "shop"}, True, id="as all do who have no category"),
        pytest.param(("sku",), {"borrow": "category"}, True, id="as all do who have one"),
        pytest.param(("sku",), {"borrow": "shop"}, False, id="not their category"),
        pytest.param(("region",), {"borrow": "none"}, False, id="nobody lends"),
        pytest.param((), {"borrow": "none"}, True, id="the total never borrows"),
        pytest.param(
            ("region",), {"borrow": "none", "detector": "jump"}, True, id="a detector that never does"
        ),
    ],
)
def test_series_that_may_no_longer_borrow_relearn_and_only_they(dims, change, same):
    hashes = []
    for monitor in (SPLIT | change, SPLIT | change | {"borrow": None}):
        settings = settings_of(METRICS, [monitor])
        subject = Subject(settings.monitors[0], settings.metrics["clicks"], "count", dims, 300_000)
        hashes.append(config_hash(settings, subject))
    assert (hashes[0] == hashes[1]) == same


def test_a_minute_s_bucket_is_read_by_the_watch_of_its_window_only():
    watch = watch_of(orders("n", at=START + MINUTE_MS))
    assert observed(watch) == {"region=n": 1}
    assert observed(watch, START + MINUTE_MS) == {"region=n": 0}
