"""What notify remembers, as data: version, length and checksum in front, msgpack behind."""

import struct
import zlib
from collections.abc import Sequence

import msgspec

from detectors.alert import Alert
from streams.machine import StateRefused
from streams.notify.budget import Spent
from streams.notify.incident import Incident
from streams.partial import NO_TIME

VERSION = 3
READABLE = (1, 2, 3)  # what later ones have in addition has defaults
BLOCK_BYTES = 512 * 1024

_HEADER = struct.Struct("<4sHQI")
_MAGIC = b"FHNT"


class Cleared(msgspec.Struct, frozen=True):
    """The grade of a series that went back to 0, by its labels, and when (log time, epoch ms)."""

    labels: tuple[str, ...]
    at_ms: int


class NotifyState(msgspec.Struct):
    """State of the machine.

    counts   of the families of its samples, by labels joined with `/`
    log_ms   greatest record timestamp read; cleared: grades that are shown as 0 for a while
    spent    incidents told by day, for the budget; lowered: alerts told one grade lower because of it
    """

    passed: list[int]
    record_ms: int
    waiting: list[Alert]
    incidents: list[Incident]
    counts: dict[str, dict[str, int]]
    log_ms: int = NO_TIME
    cleared: list[Cleared] = []
    spent: Spent = {}
    lowered: int = 0


def to_blocks(state: NotifyState) -> list[bytes]:
    """Encode."""
    body = msgspec.msgpack.encode(state)
    data = _HEADER.pack(_MAGIC, VERSION, len(body), _checksum(VERSION, body)) + body
    return [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]


def from_blocks(blocks: Sequence[bytes]) -> NotifyState:
    """Decode. Raises StateRefused."""
    data = b"".join(blocks)
    if len(data) < _HEADER.size:
        raise StateRefused("notify: state is cut off")
    magic, version, length, checksum = _HEADER.unpack_from(data)
    body = data[_HEADER.size :]
    if magic != _MAGIC or version not in READABLE:
        raise StateRefused(f"notify: state of version {version}, have {VERSION}")
    if (length, checksum) != (len(body), _checksum(version, body)):
        raise StateRefused("notify: state is damaged")
    try:
        return msgspec.msgpack.decode(body, type=NotifyState)
    except msgspec.DecodeError as error:
        raise StateRefused(f"notify: state has another layout: {error}") from error


def _checksum(version: int, body: bytes) -> int:
    """Return the checksum of a state, from version 3 on of the version with it: 3 must not pass for 2."""
    return zlib.crc32(body, version if version >= 3 else 0)
