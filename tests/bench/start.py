"""Start and /metrics: `fenghuo --help`, a worker until it reads, a scrape of 5,000 series.

Run as `python -m tests.bench.start`. Wall clock, the median of several.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sinks.metrics import Sample
from sinks.prometheus import Exhibit
from streams.kafka.topics import apply
from streams.settings import load
from tests.bench import site

SAMPLES = 5_000
TIMES = 7


def help_ms() -> float:
    """Return how long `fenghuo --help` takes."""
    command = [str(Path(sys.executable).parent / "fenghuo"), "--help"]
    return _median_ms(lambda: subprocess.run(command, check=True, capture_output=True))


def scrape_ms() -> float:
    """Return how long a page of 5,000 series takes, in the thread of the scrape."""
    exhibit = Exhibit(10 * SAMPLES)
    series = [Sample("fenghuo_value", ("orders", "orders", f"sku=s{i}"), float(i)) for i in range(SAMPLES)]
    exhibit.publish([], [lambda limit: iter(series[:limit])])
    return _median_ms(exhibit.render)


def ready_s() -> float:
    """Return how long a worker with the shipped catalogue takes until it has joined its group."""
    with site.broker() as bootstrap:
        settings = site.on(bootstrap, load(None))
        apply(settings)
        with site.workers(settings):
            pass  # the first one waits for the broker to make its offsets topic
        started = time.perf_counter()
        with site.workers(settings):
            site.wait_ready()
            return round(time.perf_counter() - started, 1)


def _median_ms(run: Callable[[], object]) -> float:
    times = []
    for _ in range(TIMES):
        started = time.perf_counter()
        run()
        times.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(times))


def measure() -> dict[str, float]:
    """Return all figures."""
    return {"help_ms": help_ms(), "metrics_5000_ms": scrape_ms(), "ready_s": ready_s()}


def main() -> None:
    """Measure and print."""
    print(json.dumps(measure(), indent=1))


if __name__ == "__main__":
    main()
