"""Records and settings for tests of ingest and its parts."""

from collections.abc import Mapping
from typing import Any

import msgspec

from streams.machine import Headers, Output, Record
from streams.partial import Partial, from_bytes
from streams.settings.model import Metric, Monitor, Settings

T0 = 1_700_000_040_000  # a full minute
PANE_MS = 60_000


def settings_of(
    metrics: Mapping[str, Metric], by: list[list[str]] | None = None, **sections: Any
) -> Settings:
    """Return settings with one monitor a metric."""
    monitors = [Monitor(name=name, metric=name, by=by or [[]]) for name in metrics]
    return Settings(metrics=dict(metrics), monitors=monitors, **sections)


def record(offset: int, event: object, *, at: int = T0, headers: Headers = ()) -> Record:
    """Return a record appended at `at`; bytes are its value, anything else becomes JSON."""
    value = event if isinstance(event, bytes) else msgspec.json.encode(event)
    return Record(offset, at, b"key", value, headers)


def click(event_id: str, *, at: int = T0, **fields: Any) -> dict[str, Any]:
    return {"event_id": event_id, "event_time": at, "type": "view", **fields}


def order(event_id: str, *, at: int = T0, **fields: Any) -> dict[str, Any]:
    return {"event_id": event_id, "event_time": at, "type": "created", "order_id": event_id, **fields}


def partials(outputs: list[Output]) -> list[Partial]:
    """Return the partials among the outputs, by partial partition."""
    return [from_bytes(one.value or b"") for one in outputs if one.topic.startswith("fenghuo.partial")]


def cells_of(outputs: list[Output], group: str) -> dict[tuple[str, int], tuple[int, int]]:
    """Return (entity, pane) -> (count, value) of a group, over all partitions; each cell once."""
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for key, entity, pane, count, value in (row for one in partials(outputs) for row in one.rows()):
        if key == group:
            assert (entity, pane) not in found
            found[entity, pane] = (count, value)
    return found
