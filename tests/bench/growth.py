"""Growth: what an event costs as the job grows, in ingest and in detect, no Kafka.

Run as `python -m tests.bench.growth`. One thing grows at a time: dimensions, monitors, conditions, series,
sources, partial partitions, bytes of an event. CPU microseconds an event, one flush of each source per 10,000
events; slope = log(cost ratio) / log(size ratio): 0 is constant, 1 is linear.
"""

import json
import math
import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from streams.detect.detect import Detect
from streams.ingest.ingest import Ingest
from streams.machine import Record
from streams.memory import collect_rarely
from streams.settings.model import Kafka, Limits, Metric, Monitor, Settings
from tests.bench.ingest import T0, click
from tests.bench.peers.job import TYPES

EVENTS = 100_000
FLUSH = 10_000
DIMS = ("channel", "region", "device", "campaign", "category", "sku")


class Job(NamedTuple):
    """Settings, and the events they are run over."""

    settings: Settings
    make: Callable[[random.Random, int], dict[str, Any]] = click
    sources: int = 1


def settings_of(wheres: Iterable[dict[str, Any]], by: list[list[str]], targets: int = 4) -> Settings:
    """Return settings with a monitor for each condition."""
    metrics = {f"m{i}": Metric(event="click", where=where, count=True) for i, where in enumerate(wheres)}
    return Settings(
        kafka=Kafka(input_partitions=1, partial_partitions=targets),
        limits=Limits(series=2_000_000),
        metrics=metrics,
        monitors=[Monitor(name=name, metric=name, by=by) for name in metrics],
    )


def cost_us(job: Job) -> dict[str, float]:
    """Return CPU microseconds an event of ingest and of detect."""
    rng = random.Random(9)
    values = [msgspec.json.encode(job.make(rng, i)) for i in range(EVENTS)]
    ingests = [Ingest(job.settings, "click", source) for source in range(job.sources)]
    detects = [Detect(job.settings, at) for at in range(job.settings.kafka.partial_partitions)]
    spent = {"ingest": 0.0, "detect": 0.0}
    for start in range(0, EVENTS, FLUSH * job.sources):
        for source, ingest in enumerate(ingests):
            chosen = range(start + source, min(start + FLUSH * job.sources, EVENTS), job.sources)
            _round(ingest, detects, [Record(i, T0 + i, None, values[i]) for i in chosen], spent)
    return {name: round(seconds / EVENTS * 1e6, 2) for name, seconds in spent.items()}


def _round(ingest: Ingest, detects: Sequence[Detect], records: list[Record], spent: dict[str, float]) -> None:
    started = time.process_time()
    ingest.apply(records)
    partials = ingest.flush(T0, caught_up=False)
    flushed = time.process_time()
    for partial in partials:
        detects[partial.partition or 0].apply([Record(0, T0, partial.key, partial.value)])
    spent["ingest"] += flushed - started
    spent["detect"] += time.process_time() - flushed


def of_many_skus(series: int) -> Callable[[random.Random, int], dict[str, Any]]:
    """Return a maker of clicks on so many skus."""
    return lambda rng, i: {**click(rng, i), "sku": f"sku-{rng.randrange(series)}"}


def of_size(size: int) -> Callable[[random.Random, int], dict[str, Any]]:
    """Return a maker of clicks of about so many bytes; the rest is in a field nobody reads."""
    return lambda rng, i: {**click(rng, i), "note": ["x" * 100] * max(0, (size - 250) // 103)}


def rows() -> dict[str, dict[int, Job]]:
    """Return what grows: name -> size -> job."""
    types = [{"type": name} for name in TYPES]
    every = [{"type": name, "channel": channel} for name in TYPES for channel in ("app", "web", "mini", "x")]
    conditions = [{**where, "device": device} for where in every for device in ("ios", "android", "pc") * 4]
    four = [[], *([dim] for dim in DIMS[:3]), ["sku"]]
    return {
        "dimensions": {n: Job(settings_of(types, [[], *([dim] for dim in DIMS[:n])])) for n in (1, 2, 4, 6)},
        "monitors": {n: Job(settings_of((types * 20)[:n], four)) for n in (5, 20, 80)},
        "conditions": {n: Job(settings_of(conditions[:n], [[]])) for n in (10, 50, 200)},
        "series": {
            n: Job(settings_of(types, four), of_many_skus(n)) for n in (1_000, 10_000, 100_000, 1_000_000)
        },
        "sources": {n: Job(settings_of(types, four), sources=n) for n in (1, 4, 16, 64)},
        "partial_partitions": {n: Job(settings_of(types, four, n)) for n in (1, 4, 16, 64)},
        "bytes": {n: Job(settings_of(types, four), of_size(n)) for n in (250, 1_000, 4_000)},
    }


def slope(costs: dict[int, float]) -> float:
    """Return how the cost of an event grows between the smallest and the greatest size."""
    (low, first), *_, (high, last) = costs.items()
    return round(math.log(last / first) / math.log(high / low), 2)


def measure() -> dict[str, dict[str, Any]]:
    """Return costs by size, and the slope."""
    collect_rarely()
    found: dict[str, dict[str, Any]] = {}
    for name, jobs in rows().items():
        costs = {size: cost_us(job) for size, job in jobs.items()}
        found[name] = {**{str(size): cost for size, cost in costs.items()}}
        found[name]["slope"] = slope({size: sum(cost.values()) for size, cost in costs.items()})
    return found


def lines(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return the table."""
    table = ["CPU us an event (ingest + detect), as one thing grows"]
    for name, costs in found.items():
        cells = [f"{size}: {one['ingest']}+{one['detect']}" for size, one in costs.items() if size != "slope"]
        table.append(f"{name:20}{'  '.join(cells)}  slope {costs['slope']}")
    return table


def main() -> None:
    """Measure and print."""
    print(json.dumps(measure(), indent=1))


if __name__ == "__main__":
    main()
