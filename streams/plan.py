"""The plan: which sums ingest makes and detect merges, derived from the monitors."""

import hashlib
from collections.abc import Iterator
from typing import Literal, NamedTuple

from detectors.registry import borrowing_kinds, detector_name
from streams.settings.model import EventKind, Lending, Metric, Monitor, Settings

Aggregate = Literal["count", "sum", "min", "max", "last", "distinct"]
EVERYWHERE = "*"
PAIRS_MAX = 256  # at 512, with seven totals, a worker needs a third more CPU and falls seconds behind
AGGREGATES: tuple[Aggregate, ...] = ("count", "sum", "min", "max", "last", "distinct")


class Group(NamedTuple):
    """One base metric by one set of dimensions. A mean is kept as the sum; each cell has its count.

    everywhere   sums of the whole shop that every partial partition is told: the parent of series there
    """

    metric: str
    dims: tuple[str, ...]
    event: EventKind
    aggregate: Aggregate
    field: str  # empty for count
    lines: bool
    scale: int
    everywhere: bool = False

    @property
    def key(self) -> str:
        """Return the name both sides know it by; no dimension is called like EVERYWHERE."""
        return f"{self.metric}/{EVERYWHERE if self.everywhere else ','.join(self.dims)}"


def rides_everywhere(key: str) -> bool:
    """Whether a group of this key is told to every partial partition alike."""
    return key.endswith(f"/{EVERYWHERE}")


def base_metrics(settings: Settings, metric: str) -> tuple[str, ...]:
    """Return the metric itself, numerator and denominator of a ratio, or the parts of a vector."""
    config = settings.metrics[metric]
    return config.ratio or config.vector or (metric,)


def aggregate_of(metric: Metric) -> tuple[Aggregate, str]:
    """Return the aggregate ingest keeps for a base metric, and the field it reads."""
    if metric.mean is not None:
        return "sum", metric.mean
    for name in AGGREGATES[1:]:
        if (field := getattr(metric, name)) is not None:
            return name, field
    return "count", ""


def borrows(settings: Settings, monitor: Monitor) -> bool:
    """Whether series of a monitor take over the shape of the whole shop where they have none of their own."""
    return asked_of(settings, monitor) != "none" and hindrance(settings, monitor) is None


def asked_of(settings: Settings, monitor: Monitor) -> Lending:
    """Return from whom series of a monitor are to borrow: what it says itself, or what holds for all."""
    return settings.borrow if monitor.borrow is None else monitor.borrow


def hindrance(settings: Settings, monitor: Monitor) -> str | None:
    """Return why series of a monitor cannot borrow; None if they can.

    Counts and sums by some dimension can, and ratios of such; a size is nothing that a shop has as a whole.
    Each source tells each partial partition of the whole: with more than PAIRS_MAX of those nobody borrows.
    """
    metric = settings.metrics[monitor.metric]
    parts = [settings.metrics[name] for name in base_metrics(settings, monitor.metric)]
    kind: Literal["ratio", "count"] = "ratio" if metric.ratio is not None else "count"
    if not any(monitor.by):
        return "the whole shop has nobody to borrow from; split it by a dimension"
    if kind not in borrowing_kinds(monitor.detector):
        return f"detector {detector_name(monitor.detector)} does not borrow"
    if metric.vector is not None or metric.series == "value" or not all(map(_adds_up, parts)):
        return f"the shop has no whole of metric {monitor.metric}: only counts, sums and their ratios have"
    sources = sum(settings.kafka.partitions_of(event) for event in {part.event for part in parts} if event)
    if (pairs := sources * settings.kafka.partial_partitions) > PAIRS_MAX:
        return f"input times partial partitions are {pairs}; at most {PAIRS_MAX} are told of the whole shop"
    return None


def _adds_up(metric: Metric) -> bool:
    return metric.mean is None and aggregate_of(metric)[0] in {"count", "sum"}


def build_plan(settings: Settings) -> tuple[Group, ...]:
    """Return the groups that the enabled monitors need, each once, in a fixed order."""
    return tuple(sorted(set(_groups(settings))))


def plan_hash(groups: tuple[Group, ...]) -> str:
    """Return a short name of the plan: state made under another one does not fit."""
    return hashlib.sha256(repr(groups).encode()).hexdigest()[:16]


def _groups(settings: Settings) -> Iterator[Group]:
    for monitor in settings.monitors:
        if not monitor.enabled:
            continue
        for name in base_metrics(settings, monitor.metric):
            metric = settings.metrics[name]
            aggregate, field = aggregate_of(metric)
            assert metric.event is not None  # noqa: S101 (checked when the settings were read)
            of_metric = metric.event, aggregate, field, metric.lines, metric.scale
            for dims in monitor.by:
                yield Group(name, tuple(sorted(dims)), *of_metric)
            if borrows(settings, monitor):
                yield Group(name, (), *of_metric, everywhere=True)
