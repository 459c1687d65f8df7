"""An independent count of the same events: plain dicts over decoded JSON, one event at a time."""

from collections.abc import Iterable
from typing import Any

from detectors.series import entity_of
from streams.settings.model import Metric

Cell = tuple[int, int]


def expected_cells(
    events: Iterable[dict[str, Any]], metric: Metric, dims: tuple[str, ...], pane_ms: int = 60_000
) -> dict[tuple[str, int], Cell]:
    """Return (entity, pane) -> (count, fixed-point value) of accepted events."""
    seen: dict[tuple[str, int], list[tuple[int, str, float]]] = {}
    for event in events:
        for row in _rows(event, metric):
            field = metric.sum or metric.min or metric.max or metric.mean or metric.last
            if any(row.get(dim) is None for dim in dims) or (field and row.get(field) is None):
                continue
            entity = entity_of((dim, row[dim]) for dim in dims)
            pane = event["event_time"] // pane_ms * pane_ms
            value = row[field] if field else 0
            seen.setdefault((entity, pane), []).append((event["event_time"], event["event_id"], value))
    return {key: (len(entries), _value(metric, entries)) for key, entries in seen.items()}


def _rows(event: dict[str, Any], metric: Metric) -> list[dict[str, Any]]:
    rows = [event]
    if metric.lines:
        rows = [{**event, "category": None, "amount": None, **line} for line in event.get("lines", [])]
        for row in rows:
            if row.get("unit_price") is not None:
                row["amount"] = row["qty"] * row["unit_price"]
    return [row for row in rows if all(_passes(row.get(k), wanted) for k, wanted in metric.where.items())]


def _passes(value: object, wanted: object) -> bool:
    return value in wanted if isinstance(wanted, list) else value == wanted


def _value(metric: Metric, entries: list[tuple[int, str, float]]) -> int:
    fixed = [round(value * metric.scale) for _, _, value in entries]
    if metric.sum or metric.mean:
        return sum(fixed)
    if metric.min:
        return min(fixed)
    if metric.max:
        return max(fixed)
    if metric.last:
        return max(zip(entries, range(len(fixed)), fixed, strict=True), key=lambda x: (x[0][:2], x[1]))[2]
    return 0
