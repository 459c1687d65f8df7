"""Detect by number of series, no Kafka. Run as `python -m tests.bench.detect [SERIES ...]`.

What the default detector costs per series and window, with its bank (grades, lifecycle) and with all of
detect (decode, merge, close), one-minute windows, each number in a process of its own. CPU time, best of the
last windows: the machine has other programs.
"""

import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from detectors.bank import Bank, Window
from detectors.grading import CUTS
from detectors.registry import build
from detectors.rule import Rule
from detectors.table import Context
from streams.detect.detect import Detect
from tests.bench import state

SERIES = (10_000, 100_000, 1_000_000)
WINDOWS = 8
HOURS, LAST = 504, 8
MINUTE_MS, HOUR_MS = state.MINUTE_MS, 60 * state.MINUTE_MS
RULE = Rule("orders", CUTS["count"])
SETTINGS = msgspec.structs.replace(
    state.SETTINGS,
    monitors=[msgspec.structs.replace(state.SETTINGS.monitors[0], window="1m")],
)


def cpu_s(run: Callable[[], Any]) -> float:
    """Return the CPU time of a call."""
    started = time.process_time()
    run()
    return time.process_time() - started


def table_and_bank(series: int) -> dict[str, float]:
    """Return microseconds per series and window: score and learn alone, and in the bank.

    After three weeks of hours, when all of the detector's channels are at work.
    """
    rng = np.random.default_rng(5)
    bank = Bank(build("seasonal", "count", CUTS["count"]), [RULE])
    table, rows = bank.table, bank.admit(0, series)
    banked, alone = [], []
    for number in range(HOURS):
        values = rng.poisson(20, series).astype(np.float64)
        start_ms = state.T0 + number * HOUR_MS
        context, window = Context(3_600.0, start_ms / 1000 % 604_800), Window(start_ms, start_ms + HOUR_MS)
        banked.append(cpu_s(lambda: bank.judge(rows, values, values, context, window)))  # noqa: B023 (called at once)
        if number >= HOURS - LAST:
            started = time.process_time()
            table.score(rows, values, context)
            table.learn(rows, values, context)
            alone.append(time.process_time() - started)
    return {
        "us_per_series": round(min(alone) / series * 1e6, 3),
        "bank_us_per_series": round(min(banked[-LAST:]) / series * 1e6, 3),
        "state_bytes": table.row_bytes,
        "bank_state_bytes": bank.row_bytes,
    }


def whole(series: int) -> dict[str, float]:
    """Return what a minute costs: everything between a partial of all series and the judged window."""
    detect, taken, peak = Detect(SETTINGS, 0), [], 0.0
    for number in range(WINDOWS):
        record = state.partial(series, number, MINUTE_MS)
        taken.append(cpu_s(lambda: detect.apply([record])))  # noqa: B023 (called at once)
        peak = max(peak, taken[-1] if number > 2 else 0.0)
    return {
        "window_cpu_s": round(min(taken[2:]), 3),
        "window_cpu_max_s": round(peak, 3),
        "of_a_minute": round(min(taken[2:]) / 60, 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


def measure(series: int) -> dict[str, float]:
    """Return the figures of so many series."""
    return {"series": series, **whole(series), **table_and_bank(min(series, 100_000))}


def measure_all(numbers: tuple[int, ...] = SERIES) -> list[dict[str, float]]:
    """Return the figures of each number, measured in a process of its own."""
    found = []
    for series in numbers:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found.append(pool.apply(measure, (series,)))
    return found


def main() -> None:
    """Measure and print."""
    print(json.dumps(measure_all(tuple(map(int, sys.argv[1:])) or SERIES), indent=1))


if __name__ == "__main__":
    main()
