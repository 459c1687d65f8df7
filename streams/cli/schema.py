"""`fenghuo schema`: JSON Schema of what goes in, what comes out, and of the configuration."""

from collections.abc import Callable
from typing import Any

import click


def _event() -> dict[str, Any]:
    import msgspec

    from streams.ingest.event import EVENTS
    from streams.settings.schema import DIALECT

    schemas, components = msgspec.json.schema_components(EVENTS.values(), ref_template="#/$defs/{name}")
    title = "An event: click, order, inventory or metric"
    return {"$schema": DIALECT, "title": title, "anyOf": list(schemas), "$defs": components}


def _alert() -> dict[str, Any]:
    import msgspec

    from sinks.alert_record import AlertRecord
    from streams.settings.schema import DIALECT

    return {"$schema": DIALECT, "title": "An alert transition", **msgspec.json.schema(AlertRecord)}


def _config() -> dict[str, Any]:
    from streams.settings.schema import config_schema

    return config_schema()


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {"event": _event, "alert": _alert, "config": _config}


@click.command()
@click.argument("what", type=click.Choice(list(SCHEMAS)))
def command(what: str) -> None:
    """Print the JSON Schema of events, alerts or the configuration.

    \b
    Examples:
      fenghuo schema event
      fenghuo schema config > fenghuo.schema.json
    """
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(SCHEMAS[what]()), indent=2))
