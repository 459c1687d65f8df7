"""Settings: the shipped catalogue, the user's file over it, the environment over both."""

from collections.abc import Mapping

from streams.settings.model import Settings

__all__ = ["Settings", "load"]


def load(path: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a file (None: the shipped catalogue alone) under the environment.

    environ: None for the process's own. Raises SettingsRefused (exit code 3) with every fault found, and
    Failure if the file cannot be read.
    """
    from streams.settings import read  # noqa: PLC0415 (reading checks by the plan, which needs the model here)

    return read.load(path, environ)
