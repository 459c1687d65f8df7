"""A dead letter as it lies on `<topic>.dlq`, and the marks that say which letters were sent again."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from streams.ingest.reject import HEADER
from streams.machine import Headers, Output

ATTEMPT = "__fenghuo.redrive.attempt"  # how often the record was sent again, this time included
ORIGIN = "__fenghuo.redrive.origin"  # where its letter lies
MARK = "__fenghuo.redriven"  # header of a record that names letters; it is none itself
ATTEMPTS_MAX = 3
FOREIGN = "(not ours)"  # reason of a record that somebody else has put there


class Place(NamedTuple):
    """Where a letter lies on its topic."""

    partition: int
    offset: int


class Letter(NamedTuple):
    """A record that was refused, and why.

    place        on the topic of dead letters; rejected_ms: when it got there
    told         all that was said when it was refused, by name: reason, message, topic, partition, offset
    attempt      how often it had been sent again before it was refused, 0 for most
    key, value, headers   as they were
    """

    place: Place
    rejected_ms: int
    told: dict[str, str]
    attempt: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def reason(self) -> str:
        """Return why it was refused."""
        return self.told.get("reason", FOREIGN)

    @property
    def source(self) -> int | None:
        """Return the partition it was read from; None if it does not say."""
        told = self.told.get("partition", "")
        return int(told) if told.isascii() and told.isdigit() else None


def is_mark(headers: Headers) -> bool:
    """Tell a mark from a letter."""
    return any(name == MARK for name, _ in headers)


def letter_of(
    place: Place, rejected_ms: int, key: bytes | None, value: bytes | None, headers: Headers
) -> Letter:
    """Return the letter a record is. Call with records that are no marks."""
    told = {
        name.removeprefix(HEADER): (text or b"").decode("utf-8", "backslashreplace")
        for name, text in headers
        if name.startswith(HEADER)
    }
    attempts = [text for name, text in headers if name == ATTEMPT]
    own = tuple(one for one in headers if not one[0].startswith(HEADER) and one[0] not in {ATTEMPT, ORIGIN})
    return Letter(place, rejected_ms, told, _number(attempts), key, value, own)


def marked(value: bytes | None) -> set[Place]:
    """Return the letters a mark names; none if it cannot be read."""
    try:
        return set(msgspec.json.decode(value or b"", type=list[Place]))
    except msgspec.DecodeError:
        return set()


def mark(topic: str, letters: Sequence[Letter]) -> Output:
    """Return the record that says of these letters of an input topic that they were sent again."""
    places = msgspec.json.encode([letter.place for letter in letters])
    return Output(f"{topic}.dlq", None, places, ((MARK, b"1"),))


def sent_again(topic: str, partitions: int, letter: Letter) -> Output:
    """Return the record to write to the input topic: as it was, to the partition it came from."""
    origin = f"{topic}.dlq/{letter.place.partition}/{letter.place.offset}"
    more = ((ATTEMPT, str(letter.attempt + 1).encode()), (ORIGIN, origin.encode()))
    known = letter.source is not None and letter.source < partitions
    return Output(topic, letter.key, letter.value, (*letter.headers, *more), letter.source if known else None)


def _number(attempts: Sequence[bytes]) -> int:
    text = attempts[-1] if attempts else b"0"
    return int(text) if text.isdigit() else ATTEMPTS_MAX  # who wrote that, wrote it by hand
