"""The kind of series a metric makes: what a detector must know about its values."""

from typing import Literal

from streams.plan import aggregate_of
from streams.settings.model import Settings

Kind = Literal["count", "ratio", "value", "vector"]

COUNTS = frozenset({"count", "sum", "distinct"})


def series_kind(settings: Settings, metric: str) -> Kind:
    """Return the kind of a metric's series.

    A ratio is a ratio, a vector a vector. Counts, sums and distinct counts are counts: they grow with traffic
    and observe 0 in a silent window. The rest (min, max, mean, last) are values, missing in a silent window.
    The metric's `series` overrides this, as for a sum of credits and debits, which is no volume.
    """
    config = settings.metrics[metric]
    if config.ratio is not None:
        return "ratio"
    if config.vector is not None:
        return "vector"
    if config.series is not None:
        return config.series
    aggregate, _ = aggregate_of(config)
    return "count" if config.mean is None and aggregate in COUNTS else "value"
