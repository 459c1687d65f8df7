"""The types events are decoded into: those of `event`, narrowed to what the settings say."""

from collections.abc import Mapping
from typing import Annotated, Any, get_type_hints

import msgspec

from streams.ingest.event import EVENTS, LINE_NUMBERS, MONEY, Line
from streams.plan import build_plan
from streams.settings.model import EventKind, Settings

EXACT_MAX = 2**53 - 2  # greatest fixed-point value: exact in float64, on its way into int64
OLDEST_MS = 946_684_800_000  # 2000-01-01: what lies before is seconds for milliseconds, or a clock not set
LATEST_MS = 253_402_300_799_999  # end of the year 9999; later ones are ahead of their records by any clock
ENVELOPE_FIELDS = ("event_id", "event_time", "type")  # CloudEvents may carry them outside the event


def number_bounds(settings: Settings, kind: EventKind) -> dict[str, float]:
    """Return the greatest magnitude of each numeric field: money by the limits, all by their fixed point."""
    scales: dict[str, int] = {}
    for group in build_plan(settings):
        if group.event == kind and group.aggregate in {"sum", "min", "max", "last"}:
            field = "delta" if group.field == "outflow" else group.field
            scales[field] = max(group.scale, scales.get(field, 1))
    names = LINE_NUMBERS | MONEY | {"delta", "on_hand", "reserved", "value"}
    bounds = {name: EXACT_MAX / scales.get(name, 1) for name in names}
    return bounds | {name: min(bounds[name], settings.limits.amount_max) for name in MONEY}


def decoded_type(settings: Settings, kind: EventKind, bounds: Mapping[str, float]) -> type[msgspec.Struct]:
    """Return the struct of a kind: producer's field names, bounded numbers, envelope fields optional."""
    hints = get_type_hints(EVENTS[kind], include_extras=True)
    optional = {name: hints[name] | None for name in ENVELOPE_FIELDS}
    return _of_kind(settings, kind, bounds, optional, {"default": None})


def usual_type(settings: Settings, kind: EventKind, bounds: Mapping[str, float]) -> type[msgspec.Struct]:
    """Return the struct of the usual event of a kind: it has an id, a type, and its time in epoch ms."""
    usual = {
        "event_id": Annotated[str, msgspec.Meta(min_length=1)],
        "event_time": Annotated[int, msgspec.Meta(ge=OLDEST_MS, le=LATEST_MS)],
    }
    return _of_kind(settings, kind, bounds, usual, {})


def _of_kind(
    settings: Settings,
    kind: EventKind,
    bounds: Mapping[str, float],
    envelope: Mapping[str, Any],
    default: Mapping[str, Any],
) -> type[msgspec.Struct]:
    names = settings.fields.get(kind, {})
    line = _narrowed(Line, names, bounds, {}, default)
    types = {"lines": list[line], **envelope}  # type: ignore[valid-type]
    return _narrowed(EVENTS[kind], names, bounds, types, default)


def _narrowed(
    struct: type[msgspec.Struct],
    names: Mapping[str, str],
    bounds: Mapping[str, float],
    types: Mapping[str, Any],
    envelope_default: Mapping[str, Any],
) -> type[msgspec.Struct]:
    hints = get_type_hints(struct, include_extras=True) | dict(types)
    fields: list[tuple[str, Any, Any]] = []
    for info in msgspec.structs.fields(struct):
        default: dict[str, Any] = {"default": info.default, "default_factory": info.default_factory}
        type_ = hints[info.name]
        if (bound := bounds.get(info.name)) is not None:
            number = Annotated[float, msgspec.Meta(ge=-bound, le=bound)]
            type_ = number if info.required else number | None
        if info.name in ENVELOPE_FIELDS:
            default = dict(envelope_default)
        name = names.get(info.name, info.name)
        fields.append((info.name, type_, msgspec.field(name=name, **default)))
    derived = {name: item for name, item in vars(struct).items() if isinstance(item, property)}
    return msgspec.defstruct(struct.__name__, fields, namespace=derived, gc=False, kw_only=True)
