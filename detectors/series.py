"""A series: a metric of an entity. Names are canonical, so that every process writes the same one."""

from collections.abc import Iterable, Mapping

WHOLE_SHOP = ""
OTHER = "other"  # the entity that collects what exceeds a series limit

_ESCAPES = {"%": "%25", ",": "%2C", "=": "%3D", "{": "%7B", "}": "%7D"}


def entity_of(dimensions: Iterable[tuple[str, str]]) -> str:
    """Return the canonical entity, `sku=A1,warehouse=w2`: sorted by dimension, values escaped."""
    return ",".join(f"{name}={_escape(value)}" for name, value in sorted(dimensions))


def dimensions_of(entity: str) -> dict[str, str]:
    """Return the dimensions of a canonical entity; the whole shop and `other` have none."""
    if "=" not in entity:
        return {}
    pairs = (part.split("=", 1) for part in entity.split(","))
    return {name: _unescape(value) for name, value in pairs}


def series_id(metric: str, entity: str) -> str:
    """Return `orders` or `orders{region=east}`: the key of alerts."""
    return f"{metric}{{{entity}}}" if entity else metric


def split_series_id(series: str) -> tuple[str, str]:
    """Return (metric, entity) of a series id."""
    metric, _, rest = series.partition("{")
    return metric, rest.removesuffix("}")


def _escape(value: str) -> str:
    return value.translate(_TABLE)


def _unescape(value: str) -> str:
    for char, code in reversed(_ESCAPES.items()):
        value = value.replace(code, char)
    return value


_TABLE: Mapping[int, str] = {ord(char): code for char, code in _ESCAPES.items()}
