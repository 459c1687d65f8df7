"""The oracle: what ingest must have counted, by plain dicts over the raw log, knowing nothing of its code."""

import json
from collections import Counter
from decimal import Decimal

TYPES = {"order": {"created", "adjusted"}, "click": {"view", "search", "add_to_cart"}}
AHEAD_MS, TOO_LATE_MS = 300_000, 900_000 + 86_400_000
GROUPS = {  # metric -> kind, type, what is added, sets of dimensions
    "orders": ("order", "created", None, [(), ("channel", "region")]),
    "revenue": ("order", "created", "amount", [("channel",)]),
    "views": ("click", None, None, [("region",)]),
    "adjusted": ("order", "adjusted", None, [("channel",)]),
}


def count(kind, log, lateness_ms, window_ms):
    """Return (outcomes, counts, sums) of one partition's records; keys are (metric, window start, entity)."""
    outcomes, counts, sums, seen, top_ms = Counter(), Counter(), Counter(), set(), None
    for record in log:
        event = readable(kind, record)
        if event is None:
            outcomes["rejected"] += 1
        elif event["event_id"] in seen:
            outcomes["duplicate"] += 1
        else:
            seen.add(event["event_id"])
            behind_ms = -1 if top_ms is None else top_ms - lateness_ms - event["event_time"]
            top_ms = max(top_ms or 0, min(event["event_time"], record.timestamp))
            outcomes["late" if behind_ms > 0 else "aggregated"] += 1
            if behind_ms <= TOO_LATE_MS:
                for key, value in added(kind, event, window_ms):
                    counts[key] += 1
                    sums[key] += value
    return outcomes, counts, sums


def added(kind, event, window_ms):
    window = event["event_time"] // window_ms * window_ms
    for metric, (of_kind, of_type, field, groups) in GROUPS.items():
        if of_kind == kind and of_type in (None, event["type"]):
            for dims in groups:
                entity = ",".join(f"{dim}={event[dim]}" for dim in dims)
                value = int(Decimal(str(event[field])) * 10_000) if field else 0
                yield (f"{metric}/{','.join(dims)}", window, entity), value


def readable(kind, record):
    """Return the event, or None if it cannot be counted."""
    try:
        event = json.loads((record.value or b"").decode())
    except ValueError:
        return None
    whole = isinstance(event, dict) and isinstance(event.get("event_time"), int)
    fine = whole and event.get("type") in TYPES[kind] and event["event_time"] <= record.timestamp + AHEAD_MS
    return event if fine else None
