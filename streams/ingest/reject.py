"""A reject: a record that can never be counted, and the dead letter made of it."""

from typing import Literal, get_args

from streams.machine import Output, Record

Reason = Literal[
    "empty",  # no value: a tombstone, or nothing sent
    "too_large",  # more bytes than limits.record_bytes
    "broken_json",
    "bad_utf8",
    "too_deep",  # nested beyond what can be read
    "wrong_type",
    "missing_field",
    "unknown_type",
    "out_of_range",  # a number beyond its bound
    "text_too_long",  # a string beyond limits.string_bytes
    "bad_time",  # not a time at all, or before the year 2000
    "ahead_of_time",  # more than limits.ahead after the broker took it
    "unknown_currency",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
HEADER = "__fenghuo.errors."


class Reject(Exception):  # noqa: N818 (the project's word for it)
    """Raised while reading a record; caught in one place, which makes the dead letter."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)
        self.reason: Reason = reason
        self.message = message


def to_dead_letter(record: Record, reject: Reject, topic: str, partition: int) -> Output:
    """Return the record as it came, with why and where from in its headers."""
    told = {
        "reason": reject.reason,
        "message": reject.message,
        "topic": topic,
        "partition": str(partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
    }
    errors = tuple((HEADER + name, text.encode("utf-8", "replace")) for name, text in told.items())
    return Output(f"{topic}.dlq", record.key, record.value, (*record.headers, *errors))
