"""The plan: which sums ingest makes and detect merges, derived from the monitors."""

import hashlib
from collections.abc import Iterator
from typing import Literal, NamedTuple

from streams.settings.model import EventKind, Metric, Settings

Aggregate = Literal["count", "sum", "min", "max", "last", "distinct"]
AGGREGATES: tuple[Aggregate, ...] = ("count", "sum", "min", "max", "last", "distinct")


class Group(NamedTuple):
    """One base metric by one set of dimensions. A mean is kept as the sum; each cell has its count."""

    metric: str
    dims: tuple[str, ...]
    event: EventKind
    aggregate: Aggregate
    field: str  # empty for count
    lines: bool
    scale: int

    @property
    def key(self) -> str:
        """Return the name both sides know it by."""
        return f"{self.metric}/{','.join(self.dims)}"


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
            for dims in monitor.by:
                dims_sorted = tuple(sorted(dims))
                yield Group(name, dims_sorted, metric.event, aggregate, field, metric.lines, metric.scale)
