"""Ingest alone, in process: events/s and CPU us/event. Run as `python -m tests.bench.ingest [EVENTS]`."""

import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from streams.ingest.batch import Batch
from streams.ingest.decoder import Decoder
from streams.ingest.event import Event
from streams.ingest.ingest import Ingest
from streams.ingest.pane import Panes
from streams.machine import Record
from streams.plan import build_plan
from streams.settings import load
from streams.settings.model import EventKind, Metric, Monitor, Settings

T0 = 1_700_000_040_000
BATCHES = (500, 5_000, 50_000)  # records between two flushes
SMALL = Settings(
    metrics={
        "clicks": Metric(event="click", count=True),
        "orders": Metric(event="order", count=True),
        "revenue": Metric(event="order", sum="amount"),
    },
    monitors=[
        Monitor(name=name, metric=name, by=[[], ["region"]]) for name in ("clicks", "orders", "revenue")
    ],
)
WIDE_DIMS = [[], ["channel"], ["campaign"], ["region"], ["device"], ["sku"]]
WIDE = Settings(  # 30 groups on clicks
    metrics={
        **{
            name: Metric(event="click", where={"type": name}, count=True)
            for name in ("view", "click", "checkout")
        },
        "clicks": Metric(event="click", count=True),
        "cost": Metric(event="click", sum="cost"),
    },
    monitors=[
        Monitor(name=name, metric=name, by=WIDE_DIMS)
        for name in ("view", "click", "checkout", "clicks", "cost")
    ],
)


def click(rng: random.Random, i: int) -> dict[str, Any]:
    """Return a click of about 250 bytes."""
    return {
        "event_id": f"clk-{i:012d}",
        "event_time": T0 + i // 2 + rng.randrange(-5_000, 1),
        "type": rng.choices(("impression", "click", "view", "add_to_cart", "checkout"), (50, 20, 20, 8, 2))[
            0
        ],
        "user_id": f"u{rng.randrange(100_000)}",
        "session_id": f"s{rng.randrange(100_000)}",
        "sku": f"sku-{rng.randrange(2_000)}",
        "category": f"c{rng.randrange(40)}",
        "campaign": f"camp-{rng.randrange(20)}",
        "channel": rng.choice(("app", "web", "mini")),
        "device": rng.choice(("ios", "android", "pc")),
        "region": rng.choice(("north", "south", "east", "west")),
        "cost": round(rng.random(), 2),
    }


def order(rng: random.Random, i: int) -> dict[str, Any]:
    """Return an order with one to three lines."""
    lines: list[dict[str, Any]] = [
        {
            "sku": f"sku-{rng.randrange(2_000)}",
            "qty": rng.randrange(1, 5),
            "unit_price": rng.randrange(100) + 0.9,
        }
        for _ in range(rng.randrange(1, 4))
    ]
    return {
        "event_id": f"ord-{i:012d}",
        "event_time": T0 + i,
        "type": rng.choice(("created", "paid", "shipped", "cancelled")),
        "order_id": f"o{i}",
        "user_id": f"u{rng.randrange(100_000)}",
        "region": rng.choice(("north", "south", "east", "west")),
        "channel": rng.choice(("app", "web", "mini")),
        "amount": sum(line["qty"] * line["unit_price"] for line in lines),
        "lines": lines,
    }


def generated(make: Callable[[random.Random, int], dict[str, Any]], n: int) -> list[Record]:
    """Return the same n records every time."""
    rng = random.Random(7)
    values = (msgspec.json.encode(make(rng, i)) for i in range(n))
    return [Record(i, T0 + i, None, value) for i, value in enumerate(values)]


def microseconds(run: Callable[[], object], n: int) -> float:
    """Return CPU time an event."""
    start = time.process_time()
    run()
    return (time.process_time() - start) / n * 1e6


def whole(settings: Settings, kind: EventKind, records: Sequence[Record], batch: int) -> None:
    """Run the machine, with a flush after each batch."""
    ingest = Ingest(settings, kind, 0)
    for at in range(0, len(records), batch):
        ingest.apply(records[at : at + batch])
        ingest.flush(T0, caught_up=False)


def sums_of(panes: Panes, events: Sequence[Event]) -> None:
    """Sum the events, 5,000 at a time."""
    for at in range(0, len(events), 5_000):
        panes.add(events[at : at + 5_000])
        panes.sheets()


def report(name: str, settings: Settings, kind: EventKind, records: Sequence[Record]) -> None:
    """Print one line: the whole machine at each batch size, then its stages at 5,000."""
    n = len(records)
    groups = sum(group.event == kind for group in build_plan(settings))
    wholes = [microseconds(lambda batch=batch: whole(settings, kind, records, batch), n) for batch in BATCHES]  # type: ignore[misc]
    decoder, panes = Decoder(settings, kind), Panes(settings, kind)
    events = [decoder.decode(record) for record in records]
    decode = microseconds(lambda: [Batch(records[at : at + 5_000], decoder) for at in range(0, n, 5_000)], n)
    sums = microseconds(lambda: sums_of(panes, events), n)
    figures = "  ".join(f"{us:5.2f} us {1e6 / us:9,.0f}/s" for us in wholes)
    print(f"{name:20}{groups:3} groups  {figures}  decode {decode:.2f}  sums {sums:.2f} us")


def main() -> None:
    """Print the table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    clicks, orders = generated(click, n), generated(order, n // 2)
    print(f"{n:,} clicks of {len(clicks[0].value or b'')} B; flush after {BATCHES} records")
    report("clicks, small", SMALL, "click", clicks)
    report("clicks, wide", WIDE, "click", clicks)
    report("clicks, catalogue", load(None), "click", clicks)
    report("orders, small", SMALL, "order", orders)
    report("orders, catalogue", load(None), "order", orders)


if __name__ == "__main__":
    main()
