"""The whole shop as a lender: every partition learns it alike, nobody hears of it, it is stored."""

from functools import cache

import msgspec
import numpy as np
import pytest

from streams.detect.detect import Detect
from tests.streams.chain import COUNT, HOUR_MS, PAID, START, Chain, event, settings_of, spread

METRICS = {"orders": COUNT, "paid": PAID, "share": {"ratio": ["paid", "orders"]}}
MONITORS = [
    {"name": "orders", "metric": "orders", "window": "1h", "by": [[], ["region"]]},
    {"name": "some", "metric": "orders", "window": "1h", "by": [["region"]], "only": {"region": ["n"]}},
    {"name": "share", "metric": "share", "window": "1h", "by": [["region"]]},
]
HOURS = 80


def settings(partitions=4):
    return settings_of(METRICS, MONITORS, kafka={"partial_partitions": partitions})


def feed(chain, hours, first=0):
    """Append hours of orders of three regions, of which half are paid for, with a shape of the day."""
    for hour in range(first, first + hours):
        n = round(20 + 15 * np.sin(hour / 24 * 2 * np.pi))
        for number, region in enumerate("nsw"):
            start = START + hour * HOUR_MS + number
            for kind, count in (("created", n), ("paid", n // 2)):
                some = spread(count // (number + 1) + 1, start, HOUR_MS - 9, kind, region=region, type=kind)
                chain.feed(some, arrived=start)
    chain.feed([event("end", START + (first + hours) * HOUR_MS, region="n")])
    return chain


@cache
def ran(partitions=4):
    return feed(Chain(settings(partitions)), HOURS)


def lenders(detect):
    """Return what each lender has learned."""
    return {watch.key: watch.bank.table.dump(watch.known_rows) for watch in detect.parts.lenders.values()}


def test_every_partition_learns_the_whole_shop_alike_however_many_there_are():
    one, *others = (lenders(detect) for chain in (ran(), ran(1)) for detect in chain.detects)
    assert len(one) == len(MONITORS)
    assert all(watch.known_rows.size == 1 for watch in ran().detects[0].parts.lenders.values())
    assert others == [one] * 4


def test_a_lender_learns_what_the_told_total_learns():
    (detect,) = ran(1).detects
    told = next(w for w in detect.parts.watches.values() if w.key[:2] == ("orders", ()))
    lender = next(w for w in detect.parts.lenders.values() if w.key[0] == "orders")
    assert lender.bank is told.bank
    assert lender.bank.table.dump(lender.known_rows) == told.bank.table.dump(told.known_rows)


def test_a_lender_is_neither_told_nor_shown_nor_counted():
    chain = ran()
    assert not any(detect.parts.lenders.keys() & detect.parts.watches.keys() for detect in chain.detects)
    shown = chain.shown()
    assert {entity for monitor, entity in shown if monitor == "share"} == {"region=n", "region=s", "region=w"}
    assert [entity for monitor, entity in shown if monitor == "orders"].count("") == 1
    samples = [sample for detect in chain.detects for sample in detect.samples()]
    counted = {
        monitor: sum(s.value for s in samples if s.name == "fenghuo_series" and s.labels[0] == monitor)
        for monitor in ("orders", "some", "share")
    }
    assert counted == {"orders": 4, "some": 1, "share": 3}


def test_series_borrow_from_the_lender_of_their_monitor():
    for detect in ran().detects:
        for watch in detect.parts.watches.values():
            lender = watch.lender
            assert (lender is None) == (watch.subject.dims == ())
            if lender is not None:
                assert lender.key[0] == watch.key[0]
                books = watch.bank.table["loss_lent"][watch.known_rows]
                assert (books > 0).all()


@pytest.mark.parametrize("partition", range(4))
def test_a_restored_machine_goes_on_like_the_straight_one(partition):
    chain = ran()
    log = chain.partials[partition]
    straight, before = Detect(chain.settings, partition), Detect(chain.settings, partition)
    before.apply(log[: len(log) // 2])
    before.flush(0, caught_up=False)
    restored = Detect(chain.settings, partition)
    restored.restore(list(before.snapshot()), "")
    assert list(restored.snapshot()) == list(before.snapshot())
    for detect, records in ((straight, log), (restored, log[len(log) // 2 :])):
        detect.apply(records)
        detect.flush(0, caught_up=False)
    assert list(restored.snapshot()) == list(straight.snapshot())
    assert lenders(restored) == lenders(straight)


def of_a_lender(block):
    part, key, *_ = msgspec.msgpack.decode(block)
    return (part == "rows" and key[-1].startswith("*")) or (part in {"seen", "bucket"} and key.endswith("/*"))


def test_a_state_from_before_there_were_lenders_keeps_its_rows_and_learns_the_whole_shop_anew():
    chain = ran(1)
    blocks = [block for block in chain.detects[0].snapshot() if not of_a_lender(block)]
    again = Detect(chain.settings, 0)
    again.restore(blocks, "")
    kept = [len(watch.known_rows) for watch in again.parts.watches.values()]
    assert kept == [len(watch.known_rows) for watch in chain.detects[0].parts.watches.values()]
    assert not any(len(watch.known_rows) for watch in again.parts.lenders.values())


def test_what_comes_too_late_is_counted_once_and_not_for_the_whole_shop_again():
    chain = feed(Chain(settings()), 6)
    chain.feed([event("late", START + 5, region="w")], arrived=chain.now)
    late = [s.value for d in chain.detects for s in d.samples() if s.name == "fenghuo_too_late_total"]
    assert sum(late) == 2  # by region and the total that is told
