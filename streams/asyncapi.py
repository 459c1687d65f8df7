"""The AsyncAPI document: every topic, its key and what its records hold. `python -m streams.asyncapi`."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sinks.alert_record import CE_TYPE as ALERT_TYPE
from sinks.alert_record import AlertRecord
from sinks.notification import CE_TYPE as NOTIFICATION_TYPE
from sinks.notification import Notification
from streams.ingest.event import EVENTS
from streams.kafka.topic_spec import DLQ, LATE, wanted
from streams.settings.model import EVENT_KINDS, EventKind, Settings

FILE = Path(__file__).parent.parent / "docs/asyncapi.yaml"
KEYS: dict[EventKind, str] = {"click": "user_id", "order": "order_id", "inventory": "sku", "metric": "name"}
RECORDS = (*EVENTS.values(), AlertRecord, Notification)
_HEAD = b"# Written by `python -m streams.asyncapi`.\n---\n"


class Topic(NamedTuple):
    """A topic as others see it. message: its name among the messages; action: ours, send or receive."""

    id: str
    name: str
    what: str
    message: str
    action: str = "send"


def document() -> bytes:
    """Return the document as YAML, made from the structs that decode and encode the records."""
    settings = Settings()
    topics = _topics(settings)
    partitions = {name: spec.partitions for name, spec in wanted(settings).items()}
    return _HEAD + msgspec.yaml.encode(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": "fenghuo",
                "version": "1.0.0",
                "description": "Watches a shop's event bus. Names are the shipped ones. fenghuo sends in "
                "transactions: read with isolation.level=read_committed.",
                "license": {"name": "Apache-2.0"},
            },
            "defaultContentType": "application/json",
            "channels": {topic.id: _channel(topic, partitions[topic.name]) for topic in topics},
            "operations": {f"{topic.action}-{topic.id}": _operation(topic) for topic in topics},
            "components": {"messages": _messages(), "schemas": _schemas()},
        }
    )


def _topics(settings: Settings) -> list[Topic]:
    topics = settings.topics
    inputs = {kind: topics.of_event(kind) for kind in EVENT_KINDS}
    return [
        *(
            Topic(kind, name, f"Events of kind {kind}, keyed by {KEYS[kind]}.", kind, "receive")
            for kind, name in inputs.items()
        ),
        *(
            Topic(f"{kind}-dlq", name + DLQ, "Rejected records as they came.", "letter")
            for kind, name in inputs.items()
        ),
        *(
            Topic(f"{kind}-late", name + LATE, "Records too late for their window, as they came.", "letter")
            for kind, name in inputs.items()
        ),
        Topic("alert", topics.alert, "Transitions of alerts, keyed by the series.", "alert"),
        Topic(
            "notification",
            topics.notification,
            "What people are told, keyed by the incident.",
            "notification",
        ),
    ]


def _channel(topic: Topic, partitions: int) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.what,
        "messages": {topic.message: {"$ref": f"#/components/messages/{topic.message}"}},
        "bindings": {"kafka": {"topic": topic.name, "partitions": partitions, "bindingVersion": "0.5.0"}},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    return {"action": topic.action, "channel": {"$ref": f"#/channels/{topic.id}"}, "summary": topic.what}


def _messages() -> dict[str, Any]:
    events: dict[str, Any] = {
        kind: {
            "summary": (struct.__doc__ or "").partition("\n")[0],
            "description": "Plain JSON, or a CloudEvent in binary or structured mode.",
            "payload": {"$ref": f"#/components/schemas/{struct.__name__}"},
            "bindings": _key(KEYS[kind]),
        }
        for kind, struct in EVENTS.items()
    }
    return {
        **events,
        "letter": {
            "summary": "The bytes of a record that was not counted; why stands in its headers.",
            "contentType": "application/octet-stream",
            "payload": {},
        },
        "alert": _cloud_event(ALERT_TYPE, AlertRecord, "series.id"),
        "notification": _cloud_event(NOTIFICATION_TYPE, Notification, "incident_id"),
    }


def _cloud_event(ce_type: str, struct: type[msgspec.Struct], key: str) -> dict[str, Any]:
    names = ("ce_id", "ce_source", "ce_time", "ce_subject")
    constants = {"ce_specversion": "1.0", "ce_type": ce_type, "content-type": "application/json"}
    headers = {name: {"type": "string"} for name in names}
    fixed = {name: {"type": "string", "const": value} for name, value in constants.items()}
    return {
        "summary": (struct.__doc__ or "").partition("\n")[0],
        "description": "A CloudEvent in binary mode. New fields may appear: skip what you do not know.",
        "headers": {"type": "object", "properties": {**fixed, **headers}, "required": [*constants, *names]},
        "payload": {"$ref": f"#/components/schemas/{struct.__name__}"},
        "bindings": _key(key),
    }


def _key(field: str) -> dict[str, Any]:
    key = {"type": "string", "description": f"the record's {field}"}
    return {"kafka": {"key": key, "bindingVersion": "0.5.0"}}


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(RECORDS, ref_template="#/components/schemas/{name}")
    return schemas


if __name__ == "__main__":
    FILE.write_bytes(document())
