"""Load the settings: shipped catalogue, user's file, environment; checked as a whole."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import yaml

from streams.settings.model import Settings


def load(path: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a file (None: the shipped catalogue alone) under the environment."""
    text = Path(path).read_text(encoding="utf-8") if path else "{}"
    return msgspec.convert(yaml.safe_load(text), Settings)
