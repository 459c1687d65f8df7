"""The plan: which sums ingest makes and detect merges, derived from the monitors."""

import hashlib
from collections.abc import Iterator
from typing import Literal, NamedTuple

from detectors.registry import borrowing_kinds, detector_name
from streams.settings.model import EventKind, Lending, Metric, Monitor, Settings
from streams.settings.vocabulary import vocabulary_of

Aggregate = Literal["count", "sum", "min", "max", "last", "distinct", "label"]
EVERYWHERE = "*"
SKU, CATEGORY = "sku", "category"
AGGREGATES: tuple[Aggregate, ...] = ("count", "sum", "min", "max", "last", "distinct")


class Group(NamedTuple):
    """One base metric by one set of dimensions. A mean is kept as the sum; each cell has its count.

    aggregate    `label`: no sum, but the category that the events tell of each entity, by its fingerprint
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
        """Return the name both sides know it by; no dimension is EVERYWHERE, no metric has an @."""
        told = f"@{self.field}" if self.aggregate == "label" else ""
        return f"{self.metric}{told}/{EVERYWHERE if self.everywhere else ','.join(self.dims)}"

    @property
    def lends(self) -> bool:
        """Whether it is told beside the sums of monitors, for series to borrow."""
        return self.everywhere or self.aggregate == "label"


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


def lending(settings: Settings, monitor: Monitor, dims: tuple[str, ...] | list[str]) -> Lending:
    """Return whose shape series by these dimensions take over where they have none of their own."""
    asked = settings.borrow if monitor.borrow is None else monitor.borrow
    if asked == "none" or not dims or hindrance(settings, monitor) is not None:
        return "none"
    return "shop" if asked == "shop" or label_metric(settings, monitor, dims) is None else "category"


def label_metric(settings: Settings, monitor: Monitor, dims: tuple[str, ...] | list[str]) -> str | None:
    """Return the metric whose events tell the category of series by these dimensions, if any do.

    Only a sku has a category, and of a ratio the trials tell more skus than the successes. Of metrics of the
    same events it is the first, so that each event tells it once.
    """
    for name in reversed(base_metrics(settings, monitor.metric)):
        words, events = vocabulary_of(settings.metrics[name]), _events_of(settings.metrics[name])
        if SKU in dims and (CATEGORY in words.dimensions or words.any_dimension):
            return min(other for other, metric in settings.metrics.items() if _events_of(metric) == events)
    return None


def _events_of(metric: Metric) -> tuple[object, ...]:
    return metric.event, metric.lines, metric.where


def hindrance(settings: Settings, monitor: Monitor) -> str | None:
    """Return why series of a monitor cannot borrow; None if they can.

    Counts and sums by some dimension can, and ratios of such; a size is nothing that a shop has as a whole.
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
                if lending(settings, monitor, dims) != "none":
                    yield Group(name, (), *of_metric, everywhere=True)
        yield from _labels(settings, monitor)


def _labels(settings: Settings, monitor: Monitor) -> Iterator[Group]:
    for dims in monitor.by:
        name = label_metric(settings, monitor, dims)
        if name is not None and lending(settings, monitor, dims) == "category":
            metric = settings.metrics[name]
            assert metric.event is not None  # noqa: S101 (checked when the settings were read)
            yield Group(name, tuple(sorted(dims)), metric.event, "label", CATEGORY, metric.lines, scale=1)
