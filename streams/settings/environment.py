"""The environment as a document: `FENGHUO_KAFKA__BOOTSTRAP_SERVERS` is kafka.bootstrap_servers."""

import os
from collections.abc import Mapping

from streams.settings.document import Node
from streams.settings.fault import Mark

PREFIX = "FENGHUO_"
SEPARATOR = "__"


def read_environment(environ: Mapping[str, str], scalars: frozenset[str]) -> dict[tuple[str, ...], Node]:
    """Return the values by path.

    scalars: the keys at the top of the file that are no sections. Other variables with the prefix but without
    `__` are not ours: Kubernetes sets FENGHUO_PORT and the like beside a service called fenghuo.
    """
    paths: dict[tuple[str, ...], Node] = {}
    for name, value in sorted(environ.items()):
        path = tuple(name.removeprefix(PREFIX).lower().split(SEPARATOR))
        if name.startswith(PREFIX) and (len(path) > 1 or path[0] in scalars):
            paths[path] = Node(value, Mark(f"environment {name}", 0))
    return paths


def kafka_named() -> str | None:
    """Return the event bus that the environment names, None if it names none."""
    return os.environ.get(f"{PREFIX}KAFKA{SEPARATOR}BOOTSTRAP_SERVERS") or None
