"""Rules a metric must keep beyond the types of its keys."""

import re
from collections.abc import Collection, Iterator, Mapping

from streams.plan import AGGREGATES
from streams.settings.fault import not_one_of
from streams.settings.model import Metric
from streams.settings.vocabulary import Vocabulary, vocabulary_of

Finding = tuple[tuple[str, ...], str]  # path below the metric (or monitor, or file), message

NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
NAME_ALLOWED = "lower-case letters, digits and _, a letter first"
ADDITIVE = ("count", "sum")  # what a ratio may be made of
NUMERIC = ("sum", "min", "max", "mean", "last")
VECTOR_PARTS = range(2, 33)
SCALE_MAX = 1_000_000  # beyond it, a sum of the largest amounts nears the end of int64


def metric_findings(name: str, metric: Metric, metrics: Mapping[str, Metric | None]) -> Iterator[Finding]:
    """Yield what is wrong with a metric. `metrics`: all of them; None for one that is faulty itself."""
    if not NAME.fullmatch(name):
        yield (), f"found the name {name!r}; allowed: {NAME_ALLOWED}"
    if not 1 <= metric.scale <= SCALE_MAX:
        yield ("scale",), f"found {metric.scale}; allowed: 1 to {SCALE_MAX}"
    given = given_aggregates(metric)
    if len(given) != 1:
        allowed = f"allowed: exactly one of {', '.join(('ratio', 'vector', 'mean', *AGGREGATES))}"
        yield (), f"found {' and '.join(given) or 'no aggregate'}; {allowed}"
    elif metric.ratio is not None:
        yield from _ratio_findings(metric, metric.ratio, metrics)
    elif metric.vector is not None:
        yield from _vector_findings(metric, metric.vector, metrics)
    elif metric.event is None:
        yield ("event",), "missing; allowed: click, inventory, metric, order"
    else:
        words = vocabulary_of(metric)
        yield from _field_findings(metric, given[0], words)
        yield from _where_findings(metric, words)


def given_aggregates(metric: Metric) -> list[str]:
    """Return the aggregates a metric gives; a sound one gives exactly one."""
    names = ("count", *(n for n in ("ratio", "vector", "mean", *AGGREGATES) if n != "count"))
    return [name for name in names if getattr(metric, name) not in (None, False)]


def _ratio_findings(
    metric: Metric, parts: tuple[str, str], metrics: Mapping[str, Metric | None]
) -> Iterator[Finding]:
    yield from _own_findings(metric, "a ratio takes none: its two metrics say what is counted")
    yield from _part_findings("ratio", parts, metrics)


def _vector_findings(
    metric: Metric, parts: tuple[str, ...], metrics: Mapping[str, Metric | None]
) -> Iterator[Finding]:
    yield from _own_findings(metric, "a vector takes none: its metrics say what is counted")
    if len(parts) not in VECTOR_PARTS or len(set(parts)) < len(parts):
        yield ("vector",), f"found {len(parts)} names; allowed: 2 to {VECTOR_PARTS[-1]} metrics, each once"
    yield from _part_findings("vector", parts, metrics)
    for part in parts:
        if (config := metrics.get(part)) is not None and config.series == "value":
            yield ("vector",), f"found {part}, whose series are values; allowed: metrics that count or sum"


def _own_findings(metric: Metric, said: str) -> Iterator[Finding]:
    for key in ("event", "where", "lines"):
        if getattr(metric, key):
            yield (key,), said


def _part_findings(
    key: str, parts: tuple[str, ...], metrics: Mapping[str, Metric | None]
) -> Iterator[Finding]:
    for part in parts:
        if part not in metrics:
            yield (key,), f"no such metric: {not_one_of(part, metrics)}"
        elif (config := metrics[part]) is not None:
            given = given_aggregates(config)
            if len(given) == 1 and given[0] not in ADDITIVE:
                yield (key,), f"found {part}, which is a {given[0]}; allowed: metrics that count or sum"


def _field_findings(metric: Metric, aggregate: str, words: Vocabulary) -> Iterator[Finding]:
    if metric.lines and metric.event != "order":
        yield ("lines",), f"found true for {metric.event} events; allowed: only orders have lines"
    if aggregate == "count":
        return
    field = getattr(metric, aggregate)
    allowed = words.numbers if aggregate in NUMERIC else words.numbers | words.texts
    if field in allowed:
        return
    if field in words.texts:
        yield (aggregate,), f"found {field!r}, which is text; allowed: {', '.join(sorted(allowed))}"
    else:
        kind = f"lines of {metric.event}" if metric.lines else str(metric.event)
        yield (aggregate,), f"{kind} events have no such number: {not_one_of(field, allowed)}"


def _where_findings(metric: Metric, words: Vocabulary) -> Iterator[Finding]:
    for key, value in metric.where.items():
        values = value if isinstance(value, list) else [value]
        if key == "type":
            yield from (
                (("where", key), not_one_of(found, words.types))
                for found in values
                if found not in words.types
            )
        elif key not in words.texts and not words.any_dimension:
            yield ("where", key), f"cannot be filtered by: {not_one_of(key, words.texts | {'type'})}"
        else:
            yield from _text_findings(key, values)
        if not values:
            yield ("where", key), "found an empty list, which lets nothing through"


def _text_findings(key: str, values: Collection[object]) -> Iterator[Finding]:
    for found in values:
        if not isinstance(found, str):
            yield ("where", key), f"found {found!r}; allowed: text (put numbers and yes/no in quotes)"
