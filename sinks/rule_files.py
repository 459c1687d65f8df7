"""The rule files under deploy/, written from the tables: `python -m sinks.rule_files`."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sinks.health_rules import health_group
from sinks.rules import Links, alert_group

DEPLOY = Path(__file__).parent.parent / "deploy"
_HEAD = b"# Written by `python -m sinks.rule_files`: change the tables in sinks/, not this file.\n---\n"


def rule_files(links: Links) -> dict[str, bytes]:
    """Return the files by their path under deploy/."""
    groups = (alert_group(links), health_group(links))
    files: dict[str, Mapping[str, Any]] = {
        f"prometheus/rules/{group['name'].removeprefix('fenghuo-')}.yaml": {"groups": [group]}
        for group in groups
    }
    files["kubernetes/base/prometheusrule.yaml"] = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "fenghuo", "labels": {"app.kubernetes.io/name": "fenghuo"}},
        "spec": {"groups": list(groups)},
    }
    return {path: _HEAD + msgspec.yaml.encode(content) for path, content in files.items()}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runbooks", default=Links().runbooks, help="URL of the folder of runbooks")
    parser.add_argument("--grafana", default=Links().grafana, help="URL of Grafana")
    parser.add_argument("--to", type=Path, default=DEPLOY, help="folder to write to")
    options = parser.parse_args()
    for path, content in rule_files(Links(options.runbooks.rstrip("/"), options.grafana.rstrip("/"))).items():
        file: Path = options.to / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


if __name__ == "__main__":
    main()
