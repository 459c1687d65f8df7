"""Ingest and detect against an independent count, and against themselves in other orders and batches."""

import dataclasses
import random
from collections import Counter, defaultdict

import msgspec
import pytest

from streams.machine import Record
from streams.settings.model import Settings
from tests.streams.chain import DAY_MS, FIVE_MS, HOUR_MS, MINUTE_MS, START, Chain, event, limits, settings_of

LATENESS_MS = 60_000
METRICS = {
    "orders": {"event": "order", "where": {"type": "created"}, "count": True},
    "revenue": {"event": "order", "sum": "amount"},
    "clicks": {"event": "click", "count": True},
    "rate": {"ratio": ["orders", "clicks"]},
}
MONITORS = [
    {"name": "orders", "metric": "orders", "by": [[], ["region"]], "detector": limits(14)},
    {"name": "hours", "metric": "orders", "by": [["region"]], "window": "1h", "detector": limits(60)},
    {"name": "hop", "metric": "orders", "window": "15m", "hop": "5m", "detector": limits(40)},
    {"name": "season", "metric": "orders", "by": [[], ["region"]], "detector": "seasonal"},
    {"name": "revenue", "metric": "revenue", "by": [["region", "channel"]], "detector": limits(600)},
    {"name": "rate", "metric": "rate", "by": [[], ["channel"]], "detector": limits(0.5)},
    {"name": "feed", "metric": "clicks", "detector": "silence"},
]
SPAN_MS = 4 * HOUR_MS
HORIZON = {"duplicate_horizon": 5 * MINUTE_MS}


def settings(partial_partitions: int = 1) -> Settings:
    return settings_of(
        METRICS,
        MONITORS,
        time={"lateness": LATENESS_MS, "replay": True},
        kafka={"partial_partitions": partial_partitions},
        limits=HORIZON,
    )


def shop(seed: int) -> list[tuple[str, bytes, int]]:
    """Return four hours of (kind, body, event time) in order of event time, without broken ones."""
    chance = random.Random(seed)
    records = []
    for at in range(START, START + SPAN_MS, 7_000):
        hectic = 2 if (at - START) // FIVE_MS % 17 == 11 else 1
        for n in range(hectic * chance.randrange(0, 3)):
            happened = at + chance.randrange(7_000)
            fields = {
                "region": chance.choice("nswe"),
                "channel": chance.choice(("app", "web")),
                "amount": chance.randrange(-500, 20_000) / 100,
                "type": chance.choice(("created", "created", "paid")),
            }
            records.append(("order", event(f"o{at}-{n}", happened, **fields), happened))
        for n in range(chance.randrange(0, 4)):
            happened = at + chance.randrange(7_000)
            click = {"event_id": f"c{at}-{n}", "event_time": happened, "type": "view"}
            records.append(("click", {**click, "channel": chance.choice(("app", "web"))}, happened))
    last = START + SPAN_MS
    records += [
        (kind, event("end", last, type=t), last) for kind, t in (("order", "created"), ("click", "view"))
    ]
    return sorted(((k, msgspec.json.encode(e), at) for k, e, at in records), key=lambda row: row[2])


def run(records, config=None, batch=50):
    """Return the chain after the records; watermarks of both topics move together, batch by batch."""
    chain = Chain(config or settings())
    offsets: Counter[str] = Counter()
    clock = 0
    for kind in ("order", "click"):
        chain.flush((kind, 0))  # as workers do: every source says that it is there
    for start in range(0, len(records), batch):
        for kind, body, happened in records[start : start + batch]:
            clock = max(clock, happened)
            chain.ingest((kind, 0)).apply([Record(offsets[kind], clock, None, body)])
            offsets[kind] += 1
        for kind in ("order", "click"):
            chain.flush((kind, 0))
    return chain


def seen_by(chain):
    """Return a dict to which every window closed from now on adds (monitor, entity, start, end) -> value."""
    found: dict[tuple[str, str, int, int], float] = {}

    def judged(seen):
        names, window = seen.watch.roster.entities, seen.verdict.window
        for slot, value in zip(seen.slots.tolist(), seen.verdict.values.tolist(), strict=True):
            key = (seen.watch.subject.monitor.name, names[slot], window.start_ms, window.end_ms)
            assert key not in found, "a window was closed twice"
            found[key] = value

    for detect in chain.detects:
        detect.showcase.judged = judged
    return found


def oracle(records):
    """Count with plain dicts: (monitor, entity, start, end) -> value, for every window that ends in time."""
    cells = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for kind, body, at in records:
        row = msgspec.json.decode(body)
        for name, metric in METRICS.items():
            if metric.get("event") != kind or row["type"] not in metric.get("where", {}).get(
                "type", row["type"]
            ):
                continue
            if "sum" in metric and metric["sum"] not in row:
                continue
            for dims in ([], ["region"], ["channel"], ["region", "channel"]):
                if all(d in row for d in dims):
                    entity = ",".join(f"{d}={row[d]}" for d in sorted(dims))
                    cell = cells[name, tuple(dims)][entity, at // FIVE_MS * FIVE_MS]
                    cell[0] += 1
                    cell[1] += round(row.get("amount", 0) * 10_000)
    expected = {}
    for monitor in MONITORS:
        for dims in map(tuple, monitor.get("by", [[]])):
            expected.update(_windows(cells, monitor, dims))
    return expected


def _windows(cells, monitor, dims):
    length = {"1h": HOUR_MS, "15m": 3 * FIVE_MS}.get(monitor.get("window"), FIVE_MS)
    hop = FIVE_MS if "hop" in monitor else length
    first, *other = METRICS[monitor["metric"]].get("ratio", [monitor["metric"]])
    at = 1 if monitor["metric"] == "revenue" else 0
    own = cells[first, dims]
    for entity in {e for e, _ in own} | {e for name in other for e, _ in cells[name, dims]}:
        born = min(start for e, start in own if e == entity)
        for end in range(START + hop, START + SPAN_MS - LATENESS_MS + 1, hop):
            if not other and end <= born:
                continue
            panes = [(entity, start) for start in range(end - length, end, FIVE_MS)]
            value = sum(own[pane][at] if pane in own else 0 for pane in panes) / (10_000 if at else 1)
            if other:
                exposure = sum(
                    cells[other[0], dims][pane][0] for pane in panes if pane in cells[other[0], dims]
                )
                if not exposure:
                    continue
                value /= exposure
            yield (monitor["name"], entity, end - length, end), value


def told(chain):
    """Return the alerts as the promise compares them."""
    return sorted((a.window_end_ms, a.monitor, a.metric, a.entity, a.sequence, a) for a in chain.alerts)


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_series_of_every_window_is_what_plain_dicts_count(seed, partitions):
    records = shop(seed)
    log = run(records, settings(partitions), batch=37).partials
    chain = Chain(settings(partitions))
    found = seen_by(chain)
    for detect, partials in zip(chain.detects, log, strict=True):
        detect.apply(partials)
    expected = oracle(records)
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, abs=1e-9)


def test_every_record_has_one_of_four_outcomes():
    chance = random.Random(5)
    records = shop(5)
    lines = [(k, b, at) for k, b, at in records if k == "order"]
    expected: Counter[str] = Counter()
    log, seen, top = [], set(), 0
    for kind, body, at in lines:
        log += [(kind, one, at) for one in _spoiled(body, chance)]
    for _, body, at in log:
        expected[_outcome(body, at, seen, top)] += 1
        top = max(top, _time(body, at))
    chain = run(log)
    counted = {
        s.labels[2]: s.value
        for s in chain.ingest(("order", 0)).samples()
        if s.name == "fenghuo_events_total" and s.value
    }
    assert counted == dict(expected)
    assert set(counted) == {"aggregated", "rejected", "late", "duplicate"}
    assert sum(counted.values()) == len(log)


def _spoiled(body, chance):
    """Return the body and, now and then, a copy, a broken one, or one that comes too late."""
    yield body
    dice = chance.random()
    if dice < 0.03:
        yield body
    elif dice < 0.06:
        yield body[: chance.randrange(1, len(body))]
    elif dice < 0.09:
        row = msgspec.json.decode(body)
        late = {"event_id": row["event_id"] + "late", "event_time": row["event_time"] - 3 * LATENESS_MS}
        yield msgspec.json.encode({**row, **late})


def _time(body, default):
    try:
        return msgspec.json.decode(body)["event_time"]
    except msgspec.DecodeError:
        return 0


def _outcome(body, at, seen, top):
    try:
        row = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return "rejected"
    if row["event_id"] in seen:
        return "duplicate"
    seen.add(row["event_id"])
    return "late" if row["event_time"] < top - LATENESS_MS else "aggregated"


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_alerts_whatever_the_order_within_lateness_the_batches_and_the_partitions(seed):
    records = shop(seed)
    straight = told(run(records))
    assert len(straight) > 20
    chance = random.Random(seed)
    shuffled = sorted(records, key=lambda row: row[2] + chance.randrange(LATENESS_MS))
    shuffled.sort(key=lambda row: row[2] == START + SPAN_MS)  # what ends the log stays at its end
    assert shuffled != records
    for name, other in {
        "a few at a time": run(records, batch=5),
        "all at once": run(records, batch=len(records)),
        "shuffled": run(shuffled, batch=13),
        "four partitions": run(records, settings(4), batch=200),
    }.items():
        assert [key for *key, _ in told(other)] == [key for *key, _ in straight], name
        assert [_plain(a) for *_, a in told(other)] == [_plain(a) for *_, a in straight], name


def _plain(alert):
    """Return what an alert says of the shop, without how far the log had come when it was told."""
    return dataclasses.replace(alert, lag_s=None, late_ratio=0.0)


def test_the_same_log_of_partials_gives_the_same_bytes():
    chain = run(shop(4))
    for batch in (7, 10_000):
        again = Chain(settings())
        for start in range(0, len(chain.partials[0]), batch):
            again.detects[0].apply(chain.partials[0][start : start + batch])
            again.take(again.detects[0].flush(0, caught_up=False))
        assert again.values == chain.values
        assert again.progress == chain.progress


def test_a_day_of_nothing_else_than_silence_is_counted_window_by_window():
    chain = Chain(settings_of(METRICS, MONITORS[:1], time={"lateness": 0}))
    found = seen_by(chain)
    chain.feed([event("first", START, region="n"), event("last", START + DAY_MS)])
    assert Counter(found.values()) == {0: 2 * DAY_MS // FIVE_MS - 2, 1: 2}
