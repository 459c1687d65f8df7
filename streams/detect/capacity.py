"""Capacity: what the series of each monitor cost, and what they may come to at the limits."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from detectors.bank import Bank, Window
from detectors.registry import build
from detectors.table import Context
from streams.detect.assembly import Assembly
from streams.detect.cursor import KEPT_WINDOWS
from streams.detect.freeze import VERDICT_DTYPES
from streams.detect.pools import Pools
from streams.detect.watch import Watch
from streams.ingest.distinct import REGISTERS
from streams.plan import CATEGORY
from streams.settings.model import Settings

SAMPLE = 1_000  # series that are timed, or as many as the detector keeps
WINDOWS = 4  # of which the quickest counts
NAME_BYTES = 250  # of an entity, and where it is looked up
SLOT_BYTES = 8  # which row a series has, which pool
ENTRY_BYTES = 24  # of a board's bucket: count, value, time
OPEN_BUCKETS = 2  # of a board, beside those that can be restated


class Cost(NamedTuple):
    """What one monitor costs, by one set of dimensions in one window; or what the pools of its categories do.

    row_bytes    of a series: state, last verdicts, sums that wait, its name, its category
    row_us       CPU of a series for one window
    series_max   in one partition
    """

    monitor: str
    window_s: float
    dims: tuple[str, ...]
    detector: str
    row_bytes: int
    row_us: float
    series_max: int

    @property
    def bytes_max(self) -> int:
        """Bytes at the limit of series, in one partition."""
        return self.row_bytes * self.series_max


def costs(settings: Settings, clock: Callable[[], float]) -> Iterator[Cost]:
    """Yield the cost of each watch and of pools; `clock` (seconds, rising) times this machine."""
    timed: dict[int, float] = {}
    parts = Assembly(settings, durable=False)
    for watch in (*parts.watches.values(), *parts.pools):
        if id(watch.bank) not in timed:
            timed[id(watch.bank)] = _row_us(watch, clock)
        monitor = watch.subject.monitor
        yield Cost(
            monitor=monitor.name,
            window_s=watch.subject.length_ms / 1000,
            dims=watch.subject.dims if watch.told else pooled(watch.subject.dims),
            detector=watch.bank.table.NAME,
            row_bytes=_row_bytes(watch),
            row_us=timed[id(watch.bank)],
            series_max=_series_max(watch, settings),
        )


def pooled(dims: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the pools of series by these dimensions are by."""
    return (f"{CATEGORY} of {'+'.join(dims)}",)


def _row_bytes(watch: Watch) -> int:
    if not watch.told:
        return watch.bank.row_bytes + NAME_BYTES + SLOT_BYTES
    verdict = sum(np.dtype(dtype).itemsize for dtype in VERDICT_DTYPES) + 2 * SLOT_BYTES
    sums = sum(
        ENTRY_BYTES + (REGISTERS if board.group.aggregate == "distinct" else 0) for board in watch.boards
    )
    has_category = isinstance(watch.lender, Pools)
    sums += ENTRY_BYTES * has_category
    waiting = KEPT_WINDOWS * watch.subject.length_ms // watch.boards[0].windows.hop_ms + OPEN_BUCKETS
    slots = SLOT_BYTES * (1 + has_category)
    return watch.bank.row_bytes + NAME_BYTES + slots + KEPT_WINDOWS * verdict + waiting * sums


def _series_max(watch: Watch, settings: Settings) -> int:
    """Return the bound of what the monitor watches, of its detector, and of all; for pools of categories."""
    if not watch.told:
        return min(settings.limits.categories + 1, settings.limits.series)  # one for the rest
    monitor, dims = watch.subject.monitor, watch.subject.dims
    bounds = [settings.limits.series, watch.bank.table.rows_max]
    if all(dim in monitor.only for dim in dims):
        bounds.append(math.prod(len(set(monitor.only[dim])) for dim in dims))
    return min(bound for bound in bounds if bound is not None)


def _row_us(watch: Watch, clock: Callable[[], float]) -> float:
    subject, rules, parts = watch.subject, watch.bank.rules, len(watch.boards)
    bank = Bank(build(subject.monitor.detector, subject.kind, rules[0].cuts, parts), [rules[0]])
    rows = bank.admit(0, min(SAMPLE, bank.table.rows_max or SAMPLE))
    values = np.full((parts, len(rows)) if subject.kind == "vector" else len(rows), 20.0)
    volume = np.full(len(rows), 40.0)
    exposure = volume if subject.kind == "ratio" else None
    best = math.inf
    for number in range(WINDOWS):
        window = Window(number * subject.length_ms, (number + 1) * subject.length_ms)
        context = Context(subject.length_ms / 1000, window.start_ms / 1000 % 604_800, exposure)
        start = clock()
        bank.judge(rows, values, volume, context, window)
        best = min(best, clock() - start)
    return best / len(rows) * 1e6
