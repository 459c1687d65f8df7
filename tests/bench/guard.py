"""The guard against growing slower: costs in units of a loop that is timed in the same run.

The loop is the plain way to do the job of `versus` in Python (decode, then a dictionary). Its time moves with
the machine, so the ratios hardly do. Run as `python -m tests.bench.guard`; exit code 4 if one is over its
limit.
"""

import sys
import time
from collections.abc import Callable

from streams.ingest.ingest import Ingest
from streams.machine import Record
from streams.memory import collect_rarely
from tests.bench import detect, growth, ingest, versus
from tests.bench.peers import job

EVENTS = 100_000
FLUSH = 25_000
ROUNDS = 3
GATE_MISSED = 4
# Measured, and half as much again; in units of the loop's cost of an event.
LIMITS = {"ingest": 1.2, "detect_a_partial": 0.4, "judge_a_series": 0.3}


def loop_us(records: list[Record]) -> float:
    """Return CPU microseconds an event of the loop."""
    return _best(lambda: job.Sums().add(map(job.decode, (record.value for record in records))))


def ingest_us(records: list[Record]) -> float:
    """Return CPU microseconds an event of the ingest machine, flushes included."""

    def run() -> None:
        machine = Ingest(versus.JOB, "click", 0)
        for start in range(0, len(records), FLUSH):
            machine.apply(records[start : start + FLUSH])
            machine.flush(ingest.T0, caught_up=False)

    return _best(run)


def judge_us() -> float:
    """Return CPU microseconds a series and window of the default detector in its bank."""
    return detect.table_and_bank(10_000)["bank_us_per_series"]


def measure() -> dict[str, float]:
    """Return the costs in units of the loop."""
    collect_rarely()
    records = ingest.generated(ingest.click, EVENTS)
    unit = loop_us(records)
    merged = growth.cost_us(growth.Job(versus.JOB))["detect"]
    costs = {"ingest": ingest_us(records), "detect_a_partial": merged, "judge_a_series": judge_us()}
    return {name: round(cost / unit, 3) for name, cost in costs.items()}


def verdicts(found: dict[str, float]) -> list[str]:
    """Return a line for each ratio that is over its limit."""
    return [
        f"{name} costs {ratio} of the loop, its limit is {LIMITS[name]}: profile it, or move the limit"
        for name, ratio in found.items()
        if ratio > LIMITS[name]
    ]


def _best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times) / EVENTS * 1e6


def main() -> None:
    """Measure, print, judge."""
    found = measure()
    print(*(f"{name:20}{ratio:8.3f}  limit {LIMITS[name]}" for name, ratio in found.items()), sep="\n")
    if over := verdicts(found):
        print(*over, sep="\n", file=sys.stderr)
        sys.exit(GATE_MISSED)


if __name__ == "__main__":
    main()
