"""A drift record, beside the alerts: the scores of a monitor have changed their level."""

import msgspec

from streams.machine import Headers, Output

CE_TYPE = b"fenghuo.drift.v1"


class Drifted(msgspec.Struct, frozen=True, kw_only=True):
    """Since `since`, the scores of a monitor by some dimensions average `after` nats, `before` earlier.

    window, since, end  length of its windows, about where the new level starts, end of the last window; ms
    partition           of detect: another partition has other series
    """

    monitor: str
    by: tuple[str, ...]
    window: int
    partition: int
    since: int
    end: int
    before: float
    after: float


def to_output(drifted: Drifted, topic: str) -> Output:
    """Return the record for the alert topic."""
    key = f"drift/{drifted.monitor}".encode()
    return Output(topic, key, msgspec.json.encode(drifted), (("ce_type", CE_TYPE),))


def is_drift(headers: Headers) -> bool:
    """Tell a drift record from an alert."""
    return ("ce_type", CE_TYPE) in tuple(headers)


def from_value(value: bytes) -> Drifted:
    """Decode. Raises msgspec.DecodeError."""
    return msgspec.json.decode(value, type=Drifted)
