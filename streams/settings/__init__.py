"""Settings: the shipped catalogue, the user's file over it, the environment over both."""

from streams.settings.load import load
from streams.settings.model import Settings

__all__ = ["Settings", "load"]
