"""A tick: the wall clock, written into the alert topic so that notify can read it there."""

from typing import NamedTuple

import msgspec

from streams.machine import Headers, Output, Record

CE_TYPE = b"fenghuo.tick.v1"


class Tick(NamedTuple):
    """It was `now_ms` (epoch ms) when this was written."""

    now_ms: int


def to_output(now_ms: int, topic: str) -> Output:
    """Return the record for the alert topic."""
    return Output(topic, b"tick", msgspec.json.encode(Tick(now_ms)), (("ce_type", CE_TYPE),))


def is_tick(headers: Headers) -> bool:
    """Tell a tick from an alert."""
    return ("ce_type", CE_TYPE) in tuple(headers)


def now_of(record: Record) -> int:
    """Return the time of a tick: never later than the broker's, whoever wrote it.

    Raises msgspec.DecodeError.
    """
    return min(msgspec.json.decode(record.value or b"", type=Tick).now_ms, record.timestamp)
