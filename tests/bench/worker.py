"""One worker with the whole default catalogue on Kafka. Run as `python -m tests.bench.worker [EVENTS]`.

Figures go to build/bench-worker.json and stdout: clicks, then orders with lines. All machines run in the
worker; what is measured is the work from a tenth of the log to its end, as committed.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

from streams.kafka.topics import apply
from streams.settings import load
from tests.bench import site
from tests.bench.ingest import click, order

EVENTS = 1_000_000
PARTITIONS = 4


def run(kind: str, make: Callable[..., dict[str, Any]], events: int) -> dict[str, float]:
    """Start a broker and a worker, and measure."""
    with site.broker() as bootstrap:
        settings = site.on(bootstrap, load())
        topic = getattr(settings.topics, kind)
        apply(settings)
        size = asyncio.run(site.fill(settings, topic, PARTITIONS, events, make))
        with site.workers(settings) as pids:
            found = asyncio.run(site.rate(settings, topic, PARTITIONS, events, pids))
        return {"events": events, "bytes_per_event": round(size), **found}


def measure(events: int) -> dict[str, dict[str, float]]:
    """Return the figures of both rows."""
    return {"clicks": run("click", click, events), "orders": run("order", order, events // 2)}


def main() -> None:
    """Measure, print, write."""
    text = json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS), indent=1)
    (site.BUILD / "bench-worker.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
