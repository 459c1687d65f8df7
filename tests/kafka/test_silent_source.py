"""Partitions that fall silent hold nobody up, and what is told meanwhile is what the golden run tells."""

import time

import pytest

from streams.kafka.topics import apply
from tests.chaos.real.attack import Pair
from tests.chaos.real.campaign import CHUNK_MS, EVENTS, settle
from tests.chaos.real.feed import write_now
from tests.chaos.real.shop import DAY_MS, MINUTE_MS, WINDOW_MS, Traffic, shop_settings
from tests.chaos.real.verdict import alerts, judge
from tests.kafka.process import read, workers

pytestmark = pytest.mark.kafka
SILENT = (("order", 2), ("click", 1))


def minutes(traffic, count):
    return [sent for _ in range(count * MINUTE_MS // CHUNK_MS) for sent in traffic.chunk()]


def test_windows_close_without_silent_partitions_and_alerts_are_the_golden_ones(broker, settings, tmp_path):
    shop = shop_settings(settings, idle_after_ms=1_000)
    apply(shop)
    start_ms = (int(time.time() * 1000) - DAY_MS) // WINDOW_MS * WINDOW_MS
    traffic = Traffic(start_ms, chunk_ms=CHUNK_MS, events=EVENTS)
    write_now(shop, minutes(traffic, 5))
    traffic.silent = SILENT
    write_now(shop, minutes(traffic, 20))
    with workers(tmp_path) as fleet:
        pair = Pair(fleet, shop, broker)
        settle(shop, pair, traffic.now_ms)  # the silent ones have come to minute five
        told = list(alerts(read(shop, shop.topics.alert, 1)[0]))
        assert sum(one.window_end_ms > start_ms + 10 * MINUTE_MS for one in told) > 5
        traffic.silent = ()
        write_now(shop, traffic.closing())
        settle(shop, pair, traffic.now_ms)
        pair.end()
    verdict = judge(shop)
    assert verdict.complaints == []
    assert verdict.golden_alerts > 10
