"""A slot: one of the two places of a source's checkpoints in the state topic, as records."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from streams.frozen import drained
from streams.machine import Output

FORMAT = 2
READABLE = (1, FORMAT)  # format 1 had no names of blocks
CRC_BYTES = 4
MANIFEST = b"manifest"
POSITION = "block-"  # with its number: the name of a block that the machine gave none


class Checkpoint(NamedTuple):
    """The state of a machine that has applied its log up to, not including, `offset`.

    metadata  what the machine gave for the offset
    plan      short name of the configuration it was made under
    learned   made from history outside the log: a start, not a continuation of what a group committed
    """

    offset: int
    metadata: str
    blocks: Sequence[bytes]
    plan: str = ""
    learned: bool = False


class Found(NamedTuple):
    """A whole checkpoint read back, and where it lies. `serial` grows with every checkpoint of a source.

    names  of its blocks, by which they lie in the slot
    """

    slot: int
    serial: int
    checkpoint: Checkpoint
    names: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True, array_like=True):
    """What a slot holds; written after its blocks."""

    format: int
    serial: int
    offset: int
    metadata: str
    plan: str
    learned: bool
    checksums: tuple[int, ...]  # crc32 of each block
    names: tuple[str, ...] = ()  # of each block; none: `block-0`, `block-1` ...


class Slot:
    """One of the two places of a source's checkpoints, and what lies there."""

    def __init__(self, topic: str, source: str, number: int) -> None:
        self._topic = topic
        self._prefix = f"{source}/{number}/".encode()
        self._names: set[str] = set()
        self._lasting: dict[str, bytes] = {}  # name -> digest

    def remember(self, found: Found) -> None:
        """Take over what a whole checkpoint there consists of."""
        self._names.update(found.names)
        for name, block in zip(found.names, found.checkpoint.blocks, strict=True):
            if not name.startswith(POSITION):
                self._lasting[name] = _digest(block)

    def notice(self, key: bytes) -> None:
        """Know of a record, whole checkpoint or not."""
        name = key.removeprefix(self._prefix)
        if name not in {key, MANIFEST}:
            self._names.add(name.decode())

    def written(self, serial: int, checkpoint: Checkpoint) -> Iterator[Output]:
        """Yield the records that make this slot the checkpoint's: blocks, manifest, tombstones."""
        before, self._names = self._names, set()
        lasting, self._lasting = self._lasting, {}
        names, checksums = [], []
        for number, (given, block) in enumerate(drained(checkpoint.blocks)):
            name = given or f"{POSITION}{number}"
            names.append(name)
            checksums.append(zlib.crc32(block))
            if given:
                self._lasting[name] = _digest(block)
            if not given or lasting.get(name) != self._lasting[name]:
                yield self._output(name.encode(), block)
        self._names = set(names)
        yield self._manifest(serial, checkpoint, names, checksums)
        for name in sorted(before - self._names):
            yield self._output(name.encode(), None)

    def _manifest(
        self, serial: int, checkpoint: Checkpoint, names: Sequence[str], checksums: Sequence[int]
    ) -> Output:
        manifest = Manifest(
            FORMAT,
            serial,
            checkpoint.offset,
            checkpoint.metadata,
            checkpoint.plan,
            checkpoint.learned,
            tuple(checksums),
            tuple(names),
        )
        body = msgspec.msgpack.encode(manifest)
        return self._output(MANIFEST, zlib.crc32(body).to_bytes(CRC_BYTES, "big") + body)

    def _output(self, name: bytes, value: bytes | None) -> Output:
        return Output(self._topic, self._prefix + name, value, partition=0)


def _digest(block: bytes) -> bytes:
    return blake2b(block, digest_size=16).digest()


def _key(source: str, slot: int, part: str) -> bytes:
    return f"{source}/{slot}/{part}".encode()


def read(records: Mapping[bytes, bytes], source: str, slot: int) -> Found | None:
    """Return the whole checkpoint of a slot; None if there is none, or a damaged or unknown one."""
    manifest = _manifest(records.get(_key(source, slot, "manifest"), b""))
    if manifest is None:
        return None
    names = manifest.names or tuple(f"{POSITION}{number}" for number in range(len(manifest.checksums)))
    blocks = tuple(records.get(_key(source, slot, name), b"") for name in names)
    if not _whole(blocks, manifest.checksums):
        return None
    checkpoint = Checkpoint(manifest.offset, manifest.metadata, blocks, manifest.plan, manifest.learned)
    return Found(slot, manifest.serial, checkpoint, names)


def _manifest(value: bytes) -> Manifest | None:
    checksum, body = value[:CRC_BYTES], value[CRC_BYTES:]
    if len(checksum) < CRC_BYTES or zlib.crc32(body) != int.from_bytes(checksum, "big"):
        return None
    try:
        manifest = msgspec.msgpack.decode(body, type=Manifest)
    except msgspec.DecodeError:
        return None  # the manifest of another version
    return manifest if manifest.format in READABLE else None


def _whole(blocks: Sequence[bytes], checksums: Sequence[int]) -> bool:
    if len(blocks) != len(checksums):
        return False
    return all(zlib.crc32(block) == checksum for block, checksum in zip(blocks, checksums, strict=True))
