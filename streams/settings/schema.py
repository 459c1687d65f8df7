"""The JSON Schema of fenghuo.yaml, for editors and for checking it elsewhere."""

from typing import Any

import msgspec

from sinks.secret import Secret
from streams.settings.duration import text_of
from streams.settings.model import DURATION_SCHEMA, Monitor, Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """Return the schema of the user's file.

    It is laid over the shipped catalogue, so a monitor of a known name may leave its metric out.
    """
    schema = msgspec.json.schema(Settings, schema_hook=_anything)
    schema["$defs"][Monitor.__name__]["required"].remove("metric")
    _as_written(schema)
    return {"$schema": DIALECT, "title": "fenghuo.yaml", **schema}


def _anything(type_: type) -> dict[str, Any]:
    """Describe parameters of detectors, which only the detectors know, and secrets, which nobody may."""
    if type_ is Secret:
        return {
            "not": {},
            "description": "never in the file: a file of its own (..._file), or the environment",
        }
    if type_ is not object:
        raise NotImplementedError(type_)
    return {"description": "a parameter of the detector"}


def _as_written(schema: dict[str, Any]) -> None:
    """Describe durations as people write them, everywhere below: milliseconds never stand in the file."""
    if schema.get("pattern") == DURATION_SCHEMA["pattern"]:
        schema |= DURATION_SCHEMA
        if "default" in schema:
            schema["default"] = text_of(schema["default"])
    for below in schema.values():
        for part in below if isinstance(below, list) else [below]:
            if isinstance(part, dict):
                _as_written(part)
