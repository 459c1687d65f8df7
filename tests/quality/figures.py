"""The figures of the gates by name, in build/quality.json."""

import json
from pathlib import Path

FILE = Path(__file__).parents[2] / "build" / "quality.json"


def record(name: str, figures: object) -> None:
    """Put the figures of one gate beside those of the others."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(known | {name: figures}, indent=2) + "\n")
