"""The change to more partial partitions (docs/upgrade.md): a second installation beside the first."""

import time
from collections import Counter

import msgspec
import pytest

from streams.kafka.topics import apply
from tests.chaos.real.attack import Pair
from tests.chaos.real.campaign import CHUNK_MS, EVENTS, settle
from tests.chaos.real.feed import write_now
from tests.chaos.real.shop import DAY_MS, WINDOW_MS, Traffic, shop_settings
from tests.chaos.real.verdict import judge, transitions
from tests.kafka.process import read, workers

pytestmark = pytest.mark.kafka
OURS = ("partial", "alert", "notification", "control", "ingest_state", "detect_state", "notify_state")
LENGTH_MS = 30 * 60_000


def beside(settings, partitions):
    """Return the settings of the second installation: the same inputs, everything else its own."""
    names = {name: f"{getattr(settings.topics, name)}.wide" for name in OURS}
    kafka = msgspec.structs.replace(
        settings.kafka, group=f"{settings.kafka.group}.wide", partial_partitions=partitions
    )
    topics = msgspec.structs.replace(settings.topics, **names)
    return msgspec.structs.replace(settings, kafka=kafka, topics=topics)


def worked_through(broker, settings, folder, end_ms):
    folder.mkdir()
    with workers(folder) as fleet:
        pair = Pair(fleet, settings, broker)
        settle(settings, pair, end_ms)
        pair.end()


def test_twice_the_partial_partitions_tell_the_same_alerts(broker, settings, tmp_path):
    narrow = shop_settings(settings)
    wide = beside(narrow, 2 * narrow.kafka.partial_partitions)
    apply(narrow)
    start_ms = (int(time.time() * 1000) - DAY_MS) // WINDOW_MS * WINDOW_MS
    traffic = Traffic(start_ms, chunk_ms=CHUNK_MS, events=EVENTS)
    write_now(narrow, [sent for _ in range(LENGTH_MS // CHUNK_MS) for sent in traffic.chunk()])
    write_now(narrow, traffic.closing())
    worked_through(broker, narrow, tmp_path / "narrow", traffic.now_ms)
    assert judge(narrow).complaints == []

    apply(wide)
    worked_through(broker, wide, tmp_path / "wide", traffic.now_ms)

    told = [Counter(transitions(read(one, one.topics.alert, 1)[0])) for one in (narrow, wide)]
    assert told[0] == told[1]
    assert told[0].total() > 20
