"""Files about topics and rights, written from the shipped settings: `python -m streams.kafka.manifest`."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from streams.kafka.access import Access, access, to_markdown
from streams.kafka.topic_spec import wanted
from streams.settings.model import Settings

ROOT = Path(__file__).parents[2]
REPLICAS, IN_SYNC_MIN = 3, 2
API = "kafka.strimzi.io/v1beta2"
LABELS = {"strimzi.io/cluster": "kafka"}
_HEAD = b"# Written by `python -m streams.kafka.manifest` from the shipped settings.\n"


def files() -> dict[str, bytes]:
    """Return the files by their path in the tree."""
    settings = Settings()
    users = groupby(access(settings), key=lambda row: row.who)
    return {
        "docs/acl.md": to_markdown(settings).encode(),
        "deploy/kubernetes/strimzi/topics.yaml": _yaml(_topics(settings)),
        "deploy/kubernetes/strimzi/users.yaml": _yaml(_user(who, list(rows)) for who, rows in users),
    }


def _topics(settings: Settings) -> Iterable[dict[str, Any]]:
    for name, spec in wanted(settings).items():
        yield {
            "apiVersion": API,
            "kind": "KafkaTopic",
            "metadata": {"name": name, "labels": LABELS},
            "spec": {
                "partitions": spec.partitions,
                "replicas": REPLICAS,
                "config": {**spec.config, "min.insync.replicas": str(IN_SYNC_MIN)},
            },
        }


def _user(who: str, rows: list[Access]) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "KafkaUser",
        "metadata": {"name": f"fenghuo-{who}", "labels": LABELS},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": [_acl(row) for row in rows]},
        },
    }


def _acl(row: Access) -> dict[str, Any]:
    pattern = "prefix" if row.prefix else "literal"
    resource = {"type": row.resource, "name": row.name, "patternType": pattern}
    return {"resource": resource, "operations": list(row.operations), "host": "*"}


def _yaml(documents: Iterable[dict[str, Any]]) -> bytes:
    return _HEAD + b"".join(b"---\n" + msgspec.yaml.encode(document) for document in documents)


if __name__ == "__main__":
    for path, content in files().items():
        (ROOT / path).write_bytes(content)
