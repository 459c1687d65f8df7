"""One worker at other jobs, on Kafka. Run as `python -m tests.bench.worker [EVENTS]`.

Figures go to build/bench-worker.json and stdout: the whole default catalogue on clicks, then on orders with
lines; then 200 metrics with conditions. All machines run in the worker; what is measured is the work from a
tenth of the log to its end, as committed.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from streams.kafka.topics import apply
from streams.settings import load
from streams.settings.model import Settings
from tests.bench import growth, site
from tests.bench.ingest import click, order

EVENTS = 1_000_000
PARTITIONS = 4


def run(
    kind: str, make: Callable[..., dict[str, Any]], events: int, wanted: Settings | None = None
) -> dict[str, float]:
    """Start a broker and a worker, and measure."""
    with site.broker() as bootstrap:
        settings = site.on(bootstrap, wanted or load())
        topic = getattr(settings.topics, kind)
        apply(settings)
        size = asyncio.run(site.fill(settings, topic, PARTITIONS, events, make))
        with site.workers(settings) as pids:
            found = asyncio.run(site.rate(settings, topic, PARTITIONS, events, pids))
        return {"events": events, "bytes_per_event": round(size), **found}


def measure(events: int) -> dict[str, dict[str, float]]:
    """Return the figures of all rows."""
    return {
        "clicks": run("click", click, events),
        "orders": run("order", order, events // 2),
        "conditions_200": run("click", click, events, many_conditions()),
    }


def many_conditions() -> Settings:
    """Return settings with 200 metrics, each with conditions of its own."""
    settings = growth.rows()["conditions"][200].settings
    kafka = msgspec.structs.replace(settings.kafka, input_partitions=PARTITIONS)
    return msgspec.structs.replace(settings, kafka=kafka)


def main() -> None:
    """Measure, print, write."""
    text = json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS), indent=1)
    (site.BUILD / "bench-worker.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
