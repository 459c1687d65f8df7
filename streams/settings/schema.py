"""The JSON Schema of fenghuo.yaml, for editors and for checking it elsewhere."""

from typing import Any

import msgspec

from streams.settings.duration import text_of
from streams.settings.model import DURATION_SCHEMA, Monitor, Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """Return the schema of the user's file.

    It is laid over the shipped catalogue, so a monitor of a known name may leave its metric out.
    """
    schema = msgspec.json.schema(Settings, schema_hook=_anything)
    schema["$defs"][Monitor.__name__]["required"].remove("metric")
    for definition in schema["$defs"].values():
        for key in definition["properties"].values():
            _as_written(key)
    return {"$schema": DIALECT, "title": "fenghuo.yaml", **schema}


def _anything(type_: type) -> dict[str, Any]:
    """Describe parameters of detectors, which only the detectors know."""
    if type_ is not object:
        raise NotImplementedError(type_)
    return {}


def _as_written(key: dict[str, Any]) -> None:
    """Write the default of a duration as people do: milliseconds never stand in the file."""
    if key.get("pattern") == DURATION_SCHEMA["pattern"] and "default" in key:
        key["default"] = text_of(key["default"])
