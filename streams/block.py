"""Blocks: a machine's state as bytes, with version and checksum, in pieces that fit a record."""

import struct
from collections.abc import Sequence
from zlib import crc32

from streams.machine import StateRefused

BLOCK_BYTES = 500_000

_HEAD = struct.Struct("<4sHIQ")
_MAGIC = b"FHST"


def to_blocks(version: int, state: bytes) -> list[bytes]:
    """Return the state in blocks; at least one."""
    data = _HEAD.pack(_MAGIC, version, crc32(state), len(state)) + state
    return [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]


def version_of(blocks: Sequence[bytes]) -> int | None:
    """Return the version a state says it is of; None if it is none of ours."""
    data = blocks[0][: _HEAD.size]
    if len(data) < _HEAD.size or not data.startswith(_MAGIC):
        return None
    return int(_HEAD.unpack(data)[1])


def from_blocks(version: int, blocks: Sequence[bytes]) -> bytes:
    """Return the state. Raises StateRefused if it is not whole, or of another version."""
    data = b"".join(blocks)
    if len(data) < _HEAD.size:
        raise StateRefused("state is cut off")
    magic, found, checksum, size = _HEAD.unpack_from(data)
    state = data[_HEAD.size :]
    if (magic, found) != (_MAGIC, version):
        raise StateRefused(f"state of version {found}, have {version}")
    if len(state) != size or crc32(state) != checksum:
        raise StateRefused("state is damaged: its checksum differs")
    return state
