"""The default detector: what this hour of this day usually brings, and five kinds of evidence against it."""

from detectors.seasonal.table import Seasonal

__all__ = ["Seasonal"]
