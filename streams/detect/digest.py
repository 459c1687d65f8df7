"""The digest of a configuration: what a watch has learned holds as long as it is the same."""

import hashlib
from typing import Any

import msgspec

from streams.detect.watch import Subject
from streams.plan import lending
from streams.settings.model import Metric, Settings


def config_hash(settings: Settings, subject: Subject) -> str:
    """Return a short name of all that what has been learned depends on: if it changes, a watch relearns."""
    monitor, metric = subject.monitor, subject.metric
    parts = [_told(settings.metrics[name]) for name in metric.ratio or metric.vector or ()]
    asked = _ordered((monitor.only, monitor.detector, monitor.hop, settings.time.timezone))
    whole = ([_told(metric), parts, *asked], subject.dims, subject.length_ms, settings.time.pane_ms)
    return hashlib.sha256(msgspec.json.encode((*whole, *_borrowing(settings, subject)))).hexdigest()[:16]


def _borrowing(settings: Settings, subject: Subject) -> list[str]:
    """Return who lends if it is not who does by default: what was learned before there was a choice stays."""
    nearest = msgspec.structs.replace(subject.monitor, borrow="category")
    who, usual = (lending(settings, one, subject.dims) for one in (subject.monitor, nearest))
    return [] if who == usual else [who]


def _told(metric: Metric) -> dict[str, object]:
    """Return the metric as names and values; a key that came later stands there only where it is used.

    Otherwise the key alone would make everything that was learned before it look like another's.
    """
    told: dict[str, object] = _ordered(metric)
    if metric.vector is None:
        del told["vector"]
    return told


def _ordered(what: object) -> Any:
    return msgspec.to_builtins(what, order="deterministic")
