"""A progress record, beside the alerts: how far one detect partition has closed windows."""

from typing import NamedTuple

import msgspec

from streams.machine import Headers, Output

CE_TYPE = b"fenghuo.progress.v1"


class Progress(NamedTuple):
    """All windows of `partition` that end at or before `passed_ms` (event time) are closed and told."""

    partition: int
    passed_ms: int
    record_ms: int  # greatest record timestamp behind it


def to_output(progress: Progress, topic: str) -> Output:
    """Return the record for the alert topic."""
    key = f"progress/{progress.partition}".encode()
    return Output(topic, key, msgspec.json.encode(progress), (("ce_type", CE_TYPE),))


def is_progress(headers: Headers) -> bool:
    """Tell a progress record from an alert."""
    return ("ce_type", CE_TYPE) in tuple(headers)


def from_value(value: bytes) -> Progress:
    """Decode. Raises msgspec.DecodeError."""
    return msgspec.json.decode(value, type=Progress)
