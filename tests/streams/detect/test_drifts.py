"""Drifts of scores through detect: what is told and shown, and that a restart changes nothing."""

import msgspec
import pytest

from streams.detect.detect import Detect
from streams.drift import Drifted, from_value, is_drift
from streams.machine import Record
from streams.notify.notify import Notify
from tests.streams.chain import COUNT, FIVE_MS, START, Chain, event, settings_of, spread

# Nats here are distances above 4 orders: two bounds with a line between them.
NOISY = {"threshold": {"above": {"IV": 40, "I": 400}}}
MONITORS = [{"name": "orders", "metric": "orders", "detector": NOISY, "min_change": {"absolute": 1e9}}]
SETTINGS = settings_of({"orders": COUNT}, MONITORS)
WINDOWS, CHANGE = 200, 120


class Kept(Chain):
    """A chain that keeps the drift records, too."""

    def take(self, outputs):
        outputs = list(outputs)
        self.drifts = [*getattr(self, "drifts", []), *(o for o in outputs if is_drift(o.headers))]
        super().take(outputs)


def feed(chain, windows, first=0):
    for window in range(first, first + windows):
        n = 5 if window < CHANGE else 45
        chain.feed(spread(n + window % 3, START + window * FIVE_MS))
    return chain


@pytest.fixture(scope="module")
def chain():
    return feed(Kept(SETTINGS), WINDOWS)


def test_a_new_level_of_scores_is_told_once(chain):
    (output,) = chain.drifts
    told = from_value(output.value)
    assert (told.monitor, told.by, told.window, told.partition) == ("orders", (), FIVE_MS, 0)
    assert told.before < 0.5
    assert told.after > 1.5
    assert START + (CHANGE - 40) * FIVE_MS < told.since < told.end <= START + (CHANGE + 40) * FIVE_MS
    assert output.topic == SETTINGS.topics.alert
    assert output.key == b"drift/orders"


def test_it_is_counted_and_dated_on_the_metrics(chain):
    shown = {s.name: (s.labels, s.value) for s in chain.detects[0].samples()}
    told = from_value(chain.drifts[0].value)
    assert shown["fenghuo_drifts_total"] == (("orders", "0"), 1)
    assert shown["fenghuo_drift_timestamp_seconds"] == (("orders", "0"), told.end / 1000)


@pytest.mark.parametrize("at", [40, CHANGE + 3, WINDOWS - 10])
def test_a_restart_changes_nothing(chain, at):
    first = feed(Kept(SETTINGS), at)
    blocks, read = list(first.detects[0].snapshot()), len(first.partials[0])
    again, detect = Kept(SETTINGS), Detect(SETTINGS, 0)
    detect.restore(blocks, "")
    detect.apply(chain.partials[0][read:])
    again.take(detect.flush(0, caught_up=False))
    before = [o.value for o in first.drifts]
    assert before + [o.value for o in again.drifts] == [o.value for o in chain.drifts]
    assert [kept for _, kept in detect.drifts.kept()] == [kept for _, kept in chain.detects[0].drifts.kept()]


def test_what_warms_up_has_no_score_to_drift():
    chain = Kept(settings_of({"orders": COUNT}, [{"name": "orders", "metric": "orders"}]))
    feed(chain, 20)
    chain.feed([event("end", START + 21 * FIVE_MS)])
    assert list(chain.detects[0].drifts.kept()) == []


def test_a_drift_record_reads_back_and_is_no_alert_to_notify():
    drifted = Drifted(
        monitor="m", by=("region",), window=1, partition=2, since=3, end=4, before=0.5, after=1.5
    )
    assert from_value(msgspec.json.encode(drifted)) == drifted
    notify = Notify(SETTINGS)
    headers = (("ce_type", b"fenghuo.drift.v1"),)
    notify.apply([Record(0, START, b"drift/m", msgspec.json.encode(drifted), headers)])
    assert not notify.due
    assert [s.value for s in notify.samples() if s.name == "fenghuo_alert_records_refused_total"] in ([], [0])
