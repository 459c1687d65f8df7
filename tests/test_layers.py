"""Which package may import what, and which file alone may touch what others may not."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Package -> roots it may not import. detectors/ is held tighter: ALLOWED is all it may have.
FORBIDDEN: dict[str, set[str]] = {
    "detectors": {"streams", "sinks"},
    "sinks": {"streams", "faust", "mode", "aiokafka", "kafka", "river"},
    "streams": {"river", "prometheus_client"},
}
ALLOWED = {"detectors": {"detectors", "numpy", "river"}}

FAUST = tuple(f"streams/runner/{file}.py" for file in ("transport", "consumer_thread", "faust_app"))

# What only some files may import: module (or its parents) -> the files, as prefixes of their path.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "prometheus_client": ("sinks/prometheus.py",),
    "kafka": ("streams/kafka/topics.py", "streams/cli/"),
    "faust": FAUST,
    "mode": FAUST,
    "yaml": ("streams/settings/",),
}

# Pure code is told the time and the environment, it never asks.
CLOCKS = {"time", "time_ns", "monotonic", "now", "utcnow", "today", "getenv", "environ"}
CLOCK_MODULES = {"time", "datetime", "date", "os"}
PURE = (
    "detectors/",
    "streams/ingest/",
    "streams/detect/",
    "streams/notify/",
    "sinks/alert_record.py",
    "sinks/sentence.py",
    "sinks/notification.py",
)
ENVIRONMENT = {"environ", "getenv"}


def modules() -> list[Path]:
    return sorted(path for package in FORBIDDEN for path in (ROOT / package).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.lineno, str(node.module)


def breaches(path: str, source: str) -> Iterator[str]:
    """Yield what a file does that its place does not allow."""
    tree = ast.parse(source)
    package = path.split("/", 1)[0]
    for line, name in imports(tree):
        root = name.split(".", 1)[0]
        allowed, places = ALLOWED.get(package), ONLY_IN.get(root)
        if root in FORBIDDEN[package]:
            yield f"{path}:{line}: {package} may not import {name}"
        elif allowed and root not in allowed | sys.stdlib_module_names:
            yield f"{path}:{line}: {package} imports only {sorted(allowed)}, not {name}"
        elif places and not path.startswith(places):
            yield f"{path}:{line}: {name} is for {', '.join(places)} alone"
    yield from _asks(path, tree)


def _asks(path: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        if node.value.id not in CLOCK_MODULES or node.attr not in CLOCKS:
            continue
        asked = f"{path}:{node.lineno}: {node.value.id}.{node.attr}"
        if path.startswith(PURE):
            yield f"{asked}: pure code is told the time and the environment"
        elif node.attr in ENVIRONMENT and not path.startswith("streams/settings/"):
            yield f"{asked}: the environment is read in streams/settings/ alone"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_touches_only_what_its_place_allows(path):
    assert list(breaches(str(path.relative_to(ROOT)), path.read_text())) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("detectors/a.py", "import streams.plan"),
        ("detectors/a.py", "from sinks import metrics"),
        ("detectors/a.py", "import msgspec"),
        ("detectors/a.py", "def f():\n    import scipy.stats"),
        ("detectors/a.py", "import time\ntime.time()"),
        ("sinks/a.py", "from streams.machine import Record"),
        ("sinks/a.py", "import prometheus_client"),
        ("streams/a.py", "from river import anomaly"),
        ("streams/a.py", "import faust"),
        ("streams/a.py", "from kafka.admin import KafkaAdminClient"),
        ("streams/a.py", "import prometheus_client.core"),
        ("streams/a.py", "import yaml"),
        ("streams/a.py", "import os\nos.environ['HOME']"),
        ("streams/detect/detect.py", "from datetime import datetime\ndatetime.now()"),
    ],
)
def test_a_planted_breach_is_found(path, source):
    assert len(list(breaches(path, source))) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("detectors/a.py", "import math\nimport numpy as np\nfrom river import anomaly"),
        ("sinks/prometheus.py", "import prometheus_client\nfrom detectors.alert import Alert"),
        ("streams/kafka/topics.py", "import kafka"),
        ("streams/settings/read.py", "import os\nos.environ"),
        ("streams/runner/runner.py", "import time\ntime.monotonic()"),
    ],
)
def test_what_is_allowed_is_not_found(path, source):
    assert list(breaches(path, source)) == []
