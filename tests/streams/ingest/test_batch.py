"""Batches taken as columns come to the same as their records taken one by one, whatever they hold."""

import random
from typing import Any

import pytest

from streams.ingest.ingest import Ingest
from streams.ingest.intake import Intake
from streams.machine import Record
from streams.settings import model
from streams.settings.model import EventKind, Limits, Metric, Settings
from tests.streams.records import T0, click, order, record, settings_of

# Small limits, so that every edge is met often.
EDGES: dict[str, Any] = {
    "fuse": model.Fuse(ratio=0.4, volume=50),
    "limits": Limits(duplicate_horizon_ms=80_000, duplicate_ids=400, record_bytes=3_000, string_bytes=300),
    "currency": model.Currency(base="CNY", rates={"USD": 7.0}),
}
METRICS: dict[EventKind, dict[str, Metric]] = {
    "click": {"clicks": Metric(event="click", count=True), "last": Metric(event="click", last="cost")},
    "order": {
        "revenue": Metric(event="order", sum="amount"),
        "qty": Metric(event="order", lines=True, sum="qty"),
    },
}
ODD: tuple[Any, ...] = (
    b"",
    b"{",
    b"{},{}",
    b"\xff\xfe",
    b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    b"x" * 4_000,
    {"event_id": "", "event_time": T0, "type": "view", "order_id": "o"},
    {"event_time": T0, "type": "view", "order_id": "o"},
    {"event_id": "n", "event_time": None, "type": "view", "order_id": "o"},
    {"event_id": "n", "event_time": 12, "type": "view", "order_id": "o"},
    {"event_id": "n", "event_time": 2**63 - 1, "type": "view", "order_id": "o"},
    {"event_id": "n", "event_time": 2**70, "type": "view", "order_id": "o"},
    {"event_id": "n", "event_time": T0 + 1.5, "type": "view", "order_id": "o"},
    {"event_id": "n", "event_time": float(T0), "type": "view", "order_id": "o"},
    {"event_id": "n", "event_time": True, "type": "view", "order_id": "o"},
)


def good(kind: EventKind, number: int, at: int, rng: random.Random) -> dict[str, Any]:
    if kind == "click":
        return click(f"e{number}", at=at, region=rng.choice("ns"), cost=rng.randrange(9) / 4)
    lines = [{"sku": "a", "qty": rng.randrange(1, 4), "unit_price": rng.choice([1.5, 1e9])}]
    currency = rng.choice(["CNY", "USD", "XXX", None])
    return order(f"e{number}", at=at, amount=rng.randrange(90), currency=currency, lines=lines)


def strange(
    kind: EventKind, number: int, at: int, rng: random.Random
) -> tuple[Any, tuple[tuple[str, bytes], ...]]:
    """Return an event that is late, known, far away, oddly written or no event at all."""
    event = good(kind, number, at, rng)
    which = rng.randrange(7)
    if which == 0:
        event["event_id"] = f"e{max(number - rng.choice([1, 3, 200, 600]), 0)}"
    elif which == 1:
        event["event_time"] = at - rng.choice([29_000, 31_000, 400_000, 10**9])
    elif which == 2:
        event["event_time"] = at + rng.choice([1, 60_000, 299_000, 301_000])
    elif which == 3:
        event["event_time"] = "2023-11-14T22:15:00+01:00"
    elif which == 4:
        event["region"] = "r" * rng.choice([80, 250, 310])
    elif which == 5:
        del event["event_id"]
        return event, (("ce_id", f"h{number}".encode()), ("ce_time", b"2023-11-14T22:15:00Z"))
    else:
        return rng.choice(ODD), ()
    return event, ()


def log_of(kind: EventKind, seed: int, share: float) -> list[Record]:
    """Return a log of which a share is strange, in bursts; time runs on, with a gap now and then."""
    rng, at, log, offset = random.Random(seed), T0, [], 0
    while len(log) < 1_500:
        at += rng.choice([0, 0, 7, 60, 900]) if rng.random() > 0.002 else 200_000
        offset += 1 if rng.random() > 0.01 else 3  # markers of transactions
        happened = at - rng.randrange(5_000)
        if rng.random() < share * (3 if len(log) % 400 > 300 else 0.5):
            event, headers = strange(kind, len(log), happened, rng)
            log.append(record(offset, event, at=at, headers=headers))
        else:
            log.append(record(offset, good(kind, len(log), happened, rng), at=at))
    return log


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", ["click", "order"])
def test_a_batch_comes_to_the_same_as_its_records_one_by_one(
    kind: EventKind, seed: int, share: float
) -> None:
    settings: Settings = settings_of(METRICS[kind], [[], ["region"]], **EDGES)
    together, single = Ingest(settings, kind, 0), Ingest(settings, kind, 0)
    log, rng, start = log_of(kind, seed, share), random.Random(seed), 0
    while start < len(log):
        end = start + rng.choice([1, 15, 16, 40, 300, 700])
        together.apply(log[start:end])
        for one in log[start:end]:
            single.apply([one])
        assert together.due == single.due
        assert together.paused == single.paused
        assert together.flush(T0, caught_up=False) == single.flush(T0, caught_up=False)
        assert (together.metadata(), list(together.samples())) == (single.metadata(), list(single.samples()))
        assert together.snapshot() == single.snapshot()
        if single.paused and rng.random() < 0.5:
            together.reset_fuse(log[min(end, len(log) - 1)].offset)
            single.reset_fuse(log[min(end, len(log) - 1)].offset)
        start = end


def test_of_plain_traffic_nothing_is_taken_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = Ingest(settings_of(METRICS["click"]), "click", 0)
    monkeypatch.setattr(Intake, "_take", lambda *_: pytest.fail("taken one by one"))
    ingest.apply([record(i + 1, click(f"e{i}", at=T0 + i)) for i in range(900)])
    assert ingest.flush(T0, caught_up=False)
