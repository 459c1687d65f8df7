"""A checkpoint: one consistent state of a machine, as records of its compacted state topic.

A state is frozen at one offset and written block by block over many transactions, its manifest last, in one
of two slots; the next one goes to the other slot. Whatever is cut off in between leaves the older slot whole.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from streams.machine import Output

FORMAT = 1
SLOTS = (0, 1)
CRC_BYTES = 4


class Checkpoint(NamedTuple):
    """The state of a machine that has applied its log up to, not including, `offset`.

    metadata  what the machine gave for the offset
    plan      short name of the configuration it was made under
    learned   made from history outside the log: a start, not a continuation of what a group committed
    """

    offset: int
    metadata: str
    blocks: tuple[bytes, ...]
    plan: str = ""
    learned: bool = False


class Found(NamedTuple):
    """A whole checkpoint read back, and where it lies. `serial` grows with every checkpoint of a source."""

    slot: int
    serial: int
    checkpoint: Checkpoint


class Manifest(msgspec.Struct, frozen=True, array_like=True):
    """What a slot holds; written after its blocks."""

    format: int
    serial: int
    offset: int
    metadata: str
    plan: str
    learned: bool
    checksums: tuple[int, ...]  # crc32 of each block


def source_of(group: str, topic: str, partition: int) -> str:
    """Return the name a machine's checkpoints are filed under: another consumer group has its own."""
    return f"{group}/{topic}/{partition}"


def to_outputs(topic: str, source: str, slot: int, serial: int, checkpoint: Checkpoint) -> Iterator[Output]:
    """Return the records of a checkpoint in the order they must be written: the manifest is the last."""
    for number, block in enumerate(checkpoint.blocks):
        yield Output(topic, _key(source, slot, f"block-{number}"), block, partition=0)
    manifest = Manifest(
        FORMAT,
        serial,
        checkpoint.offset,
        checkpoint.metadata,
        checkpoint.plan,
        checkpoint.learned,
        tuple(map(zlib.crc32, checkpoint.blocks)),
    )
    body = msgspec.msgpack.encode(manifest)
    value = zlib.crc32(body).to_bytes(CRC_BYTES, "big") + body
    yield Output(topic, _key(source, slot, "manifest"), value, partition=0)


def find(records: Mapping[bytes, bytes], source: str) -> list[Found]:
    """Return the whole checkpoints of a source, newest first; damaged or unknown ones are left out.

    records: the newest value of each key of the state topic.
    """
    found = [one for slot in SLOTS if (one := _read(records, source, slot)) is not None]
    return sorted(found, key=lambda one: one.serial, reverse=True)


class Writer:
    """Hands the records of a source's checkpoints out a few at a time, slot after slot.

    used: the checkpoint the machine was restored from (its slot is kept whole); seen: all that were found.
    """

    def __init__(self, topic: str, source: str, used: Found | None, seen: Iterable[Found] = ()) -> None:
        self._topic = topic
        self._source = source
        self._slot = SLOTS[0] if used is None else 1 - used.slot
        self._serial = max((one.serial for one in seen), default=0)
        self._blocks = {one.slot: len(one.checkpoint.blocks) for one in seen}
        self._pending: list[Output] = []

    @property
    def pending(self) -> bool:
        """Whether records of a frozen state are still to be written."""
        return bool(self._pending)

    def freeze(self, checkpoint: Checkpoint) -> None:
        """Take a state to write. Raises RuntimeError while an older one is still being written."""
        if self._pending:
            raise RuntimeError("a checkpoint is still being written")
        self._serial += 1
        records = list(to_outputs(self._topic, self._source, self._slot, self._serial, checkpoint))
        self._pending = [*records, *self._leftovers(len(checkpoint.blocks))]
        self._blocks[self._slot] = len(checkpoint.blocks)
        self._slot = 1 - self._slot

    def take(self, count: int) -> list[Output]:
        """Return the next `count` records; they are to be written before those of the next call."""
        taken, self._pending = self._pending[:count], self._pending[count:]
        return taken

    def _leftovers(self, count: int) -> Iterator[Output]:
        """Tombstones for blocks of a larger state that the slot held before."""
        for number in range(count, self._blocks.get(self._slot, 0)):
            yield Output(self._topic, _key(self._source, self._slot, f"block-{number}"), None, partition=0)


def _key(source: str, slot: int, part: str) -> bytes:
    return f"{source}/{slot}/{part}".encode()


def _read(records: Mapping[bytes, bytes], source: str, slot: int) -> Found | None:
    manifest = _manifest(records.get(_key(source, slot, "manifest"), b""))
    if manifest is None:
        return None
    blocks = tuple(
        records.get(_key(source, slot, f"block-{number}"), b"") for number in range(len(manifest.checksums))
    )
    if not _whole(blocks, manifest.checksums):
        return None
    checkpoint = Checkpoint(manifest.offset, manifest.metadata, blocks, manifest.plan, manifest.learned)
    return Found(slot, manifest.serial, checkpoint)


def _manifest(value: bytes) -> Manifest | None:
    checksum, body = value[:CRC_BYTES], value[CRC_BYTES:]
    if len(checksum) < CRC_BYTES or zlib.crc32(body) != int.from_bytes(checksum, "big"):
        return None
    try:
        manifest = msgspec.msgpack.decode(body, type=Manifest)
    except msgspec.DecodeError:
        return None  # the manifest of another version
    return manifest if manifest.format == FORMAT else None


def _whole(blocks: Sequence[bytes], checksums: Sequence[int]) -> bool:
    return all(zlib.crc32(block) == checksum for block, checksum in zip(blocks, checksums, strict=True))
