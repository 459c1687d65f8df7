"""Recorded files: events/s of a backtest, points/s of scores. Run as `python -m tests.bench.recorded`.

Two backtests of the shipped catalogue: clicks and orders of a busy shop (a hundred a second), which reading
and sums bound; and a simulated shop of one event a second, which its windows bound. CPU time.
"""

import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from detectors.grading import CUTS
from detectors.registry import build
from streams.detect.zone import Zone
from streams.memory import collect_rarely
from streams.recorded.backtest import Backtest
from streams.recorded.recording import read
from streams.recorded.score import score
from streams.recorded.series_file import Series
from streams.settings import load
from tests.bench.ingest import T0, click, order

EVENTS = 1_000_000
ORDERS = 20  # one in so many
SPARSE = 200_000
POINTS = 20_000


def events(number: int, gap_ms: int) -> Iterator[bytes]:
    """Yield clicks and orders as lines, one each `gap_ms`."""
    rng = random.Random(3)
    for i in range(number):
        event = (order if i % ORDERS == 0 else click)(rng, i)
        event["event_time"] = T0 + i * gap_ms
        yield msgspec.json.encode(event) + b"\n"


def backtest(file: Path, number: int) -> float:
    """Return events/s."""
    settings = load(None)
    started = time.process_time()
    run = Backtest(settings)
    for _ in run.run(read([str(file)], {}, "time", settings.fields)):
        pass
    return round(number / (time.process_time() - started))


def scores(files: int, points: int) -> float:
    """Return points/s of files scored together."""
    rng = np.random.default_rng(1)
    times = T0 + np.arange(points, dtype=np.int64) * 300_000
    series = [
        Series("", [""] * points, [""] * points, times, rng.poisson(40, points).astype(np.float64), None)
        for _ in range(files)
    ]
    table = build("seasonal", "count", CUTS["count"])
    started = time.process_time()
    score(series, table, Zone("UTC"))
    return round(files * points / (time.process_time() - started))


def measure() -> dict[str, float]:
    """Return all figures."""
    collect_rarely()
    with tempfile.TemporaryDirectory() as folder:
        busy, sparse = Path(folder) / "busy.jsonl", Path(folder) / "sparse.jsonl"
        busy.write_bytes(b"".join(events(EVENTS, 10)))
        sparse.write_bytes(b"".join(events(SPARSE, 1_000)))
        return {
            "backtest_events_s": backtest(busy, EVENTS),
            "backtest_sparse_events_s": backtest(sparse, SPARSE),
            "score_1_points_s": scores(1, POINTS),
            "score_1000_points_s": scores(1_000, POINTS // 20),
        }


def main() -> None:
    """Measure and print."""
    print(json.dumps(measure(), indent=1))


if __name__ == "__main__":
    main()
