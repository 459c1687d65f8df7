"""Writes the golden state of each machine in its present format: `python -m tests.golden.make`.

Files of older formats stay as they are: they show that what is stored in the field can still be read.
A golden file is msgpack of [metadata, blocks]; that of a checkpoint, of the records by key.
"""

import random
from pathlib import Path

import msgspec

from streams import partial
from streams.detect import state as detect_state
from streams.detect.detect import Detect
from streams.ingest import state as ingest_state
from streams.ingest.ingest import Ingest
from streams.machine import Machine, Output, Record
from streams.notify import state as notify_state
from streams.notify.notify import Notify
from streams.runner.checkpoint import FORMAT, Checkpoint, Writer
from streams.settings.model import Kafka, Limits, Metric, Monitor, Settings, Time
from tests.streams.records import order, record

FOLDER = Path(__file__).parent
MINUTE_MS = 60_000
T0 = 1_780_000_200_000
SOURCE = "golden/shop.order.v1/0"
VERSIONS = {
    "ingest": ingest_state.VERSION,
    "detect": detect_state.VERSION,
    "notify": notify_state.VERSION,
}
THRESHOLD = {"threshold": {"above": {"IV": 12, "III": 15, "II": 18, "I": 21}}}
SETTINGS = Settings(
    shop="golden",
    kafka=Kafka(input_partitions=1, partial_partitions=1),
    time=Time(replay=True, lateness_ms=5_000),
    limits=Limits(duplicate_ids=40),
    metrics={
        "orders": Metric(event="order", count=True),
        "revenue": Metric(event="order", sum="amount"),
        "price": Metric(event="order", last="amount"),
        "buyers": Metric(event="order", distinct="user_id"),
        "paid": Metric(event="order", where={"type": "paid"}, count=True),
        "paid_share": Metric(ratio=("paid", "orders")),
        "pieces": Metric(event="order", lines=True, sum="qty"),
    },
    monitors=[
        Monitor(name="limit", metric="orders", by=[[], ["channel"]], detector=THRESHOLD, resolve_after=1),
        Monitor(name="revenue", metric="revenue", by=[["region"]]),
        Monitor(name="price", metric="price", by=[["channel"]], detector="jump"),
        Monitor(name="buyers", metric="buyers"),
        Monitor(name="paid_share", metric="paid_share", by=[["channel"]]),
        Monitor(name="feed", metric="orders", detector="silence"),
        Monitor(name="pieces", metric="pieces", by=[["sku"]]),
    ],
)


def log() -> list[Record]:
    """Return two hours of orders whose volume comes and goes, with rejects, duplicates and late ones."""
    chance = random.Random(11)
    records = []
    for number in range(600):
        at = T0 + number * 12_000 + chance.randrange(4_000)
        event = {
            **order(f"e{number - number % 50 // 49}", at=at - (number % 97 == 96) * 7 * MINUTE_MS),
            "type": chance.choice(("created", "paid")),
            "channel": chance.choice(("app", "web")),
            "region": chance.choice(("north", "south")),
            "user_id": f"u{chance.randrange(40)}",
            "amount": chance.randrange(1, 400),
            "lines": [{"sku": f"s{number % 5}", "category": f"c{number % 5 % 2}", "qty": number % 3}],
        }
        records.append(record(number, b"{" if number % 150 == 149 else event, at=at))
    return records


def machines() -> dict[str, Machine]:
    """Return one of each, without state."""
    return {"ingest": Ingest(SETTINGS, "order", 0), "detect": Detect(SETTINGS, 0), "notify": Notify(SETTINGS)}


def run() -> dict[str, Machine]:
    """Return the machines after the log."""
    chain = machines()
    reads = {
        "ingest": SETTINGS.topics.order,
        "detect": SETTINGS.topics.partial,
        "notify": SETTINGS.topics.alert,
    }
    for each in log():
        outputs = [Output(SETTINGS.topics.order, each.key, each.value)]
        for name, machine in chain.items():
            mine = [one for one in outputs if one.topic == reads[name]]
            machine.apply([Record(each.offset, each.timestamp, o.key, o.value, o.headers) for o in mine])
            outputs = machine.flush(each.timestamp, caught_up=False)
    return chain


def checkpoint() -> dict[bytes, bytes]:
    """Return what the state topic holds of the ingest machine: one checkpoint in each slot."""
    ingest, kept = machines()["ingest"], {}
    writer = Writer("state", SOURCE, None)
    records = log()
    for half in (records[:300], records[300:]):
        ingest.apply(half)
        ingest.flush(T0, caught_up=False)
        writer.freeze(Checkpoint(half[-1].offset + 1, ingest.metadata(), ingest.snapshot(), "plan"))
        while writer.pending:
            kept.update((one.key, one.value) for one in writer.take(2))
    return {key: value for key, value in kept.items() if value is not None}


def partials() -> list[bytes]:
    """Return what ingest writes of the log, in halves, to its partial partition; no skus, as ever since 1."""
    first = msgspec.structs.replace(
        SETTINGS, monitors=[one for one in SETTINGS.monitors if one.name != "pieces"]
    )
    ingest, records = Ingest(first, "order", 0), log()
    written: list[Output] = []
    for start in range(0, len(records), 300):
        ingest.apply(records[start : start + 300])
        written += ingest.flush(T0, caught_up=False)
    return [one.value for one in written if one.topic == SETTINGS.topics.partial and one.value is not None]


def file_of(name: str, version: int) -> Path:
    """Return where the golden state of a machine in a format lies."""
    return FOLDER / f"{name}-{version}.bin"


def load(path: Path) -> tuple[str, list[bytes]]:
    """Return metadata and blocks."""
    return msgspec.msgpack.decode(path.read_bytes(), type=tuple[str, list[bytes]])


def main() -> None:
    """Write the files of the present formats."""
    for name, machine in run().items():
        whole = (machine.metadata(), list(machine.snapshot()))
        file_of(name, VERSIONS[name]).write_bytes(msgspec.msgpack.encode(whole))
    file_of("checkpoint", FORMAT).write_bytes(msgspec.msgpack.encode(checkpoint()))
    file_of("partial", partial.VERSION).write_bytes(msgspec.msgpack.encode(partials()))


if __name__ == "__main__":
    main()
