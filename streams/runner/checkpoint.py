"""A checkpoint: one consistent state of a machine, as records of its compacted state topic.

A state is frozen at one offset and written block by block over many transactions, its manifest last, in one
of two slots; the next one goes to the other slot. Whatever is cut off in between leaves the older slot whole.
Blocks that the machine calls lasting are written once a slot, for as long as they stay the same.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from streams.machine import Output
from streams.runner.slot import FORMAT, Checkpoint, Found, Slot, read

__all__ = ["FORMAT", "Checkpoint", "Found", "Writer", "find", "source_of", "to_outputs"]

SLOTS = (0, 1)
# A series weighs about 2 KB: 100,000 of them are checkpointed every 200 s. The price of writing less often is
# a longer replay; that of writing more often is paid by broker and worker all day.
BYTES_PER_S = 1_000_000
PORTION_BYTES = 250_000  # compressed in one go: what takes longer would hold up what else is to be written
HEAVY_BYTES = 16_000_000  # more than can be written while others wait for the partition


def source_of(group: str, topic: str, partition: int) -> str:
    """Return the name a machine's checkpoints are filed under: another consumer group has its own."""
    return f"{group}/{topic}/{partition}"


def to_outputs(topic: str, source: str, slot: int, serial: int, checkpoint: Checkpoint) -> Iterator[Output]:
    """Return the records of a checkpoint in the order they must be written: the manifest is the last."""
    return Slot(topic, source, slot).written(serial, checkpoint)


def find(records: Mapping[bytes, bytes], source: str) -> list[Found]:
    """Return the whole checkpoints of a source, newest first; damaged or unknown ones are left out.

    records: the newest value of each key of the state topic.
    """
    found = [one for slot in SLOTS if (one := read(records, source, slot)) is not None]
    return sorted(found, key=lambda one: one.serial, reverse=True)


class Writer:
    """Hands the records of a source's checkpoints out a few at a time, slot after slot.

    used: the checkpoint the machine was restored from (its slot is kept whole); seen: all that were found;
    keys: of all records there are, so that what a checkpoint cut off has left behind is taken away.
    """

    def __init__(
        self,
        topic: str,
        source: str,
        used: Found | None,
        seen: Sequence[Found] = (),
        keys: Iterable[bytes] = (),
    ) -> None:
        slots = {number: Slot(topic, source, number) for number in SLOTS}
        for found in seen:
            slots[found.slot].remember(found)
        for key in keys:
            for slot in slots.values():
                slot.notice(key)
        self._slots = deque((slots[0], slots[1]) if used is None or used.slot == 1 else (slots[1], slots[0]))
        self._serial = max((one.serial for one in seen), default=0)
        self._coming: Iterator[Output] = iter(())
        self._ready: deque[Output] = deque()
        self._due_s = -math.inf
        self._bytes = 0 if used is None else sum(map(len, used.checkpoint.blocks))  # of the last state
        self._taken = 0  # bytes handed out of the newest state

    @property
    def pending(self) -> bool:
        """Whether records of a frozen state are still to be written."""
        return bool(self._ready)

    def freeze(self, checkpoint: Checkpoint) -> None:
        """Take a state to write. Raises RuntimeError while an older one is still being written."""
        if self.pending:
            raise RuntimeError("a checkpoint is still being written")
        self._serial += 1
        self._coming = self._slots[0].written(self._serial, checkpoint)
        self._slots.rotate()
        self._bytes, self._taken = self._taken or self._bytes, 0
        self.prepare(1)

    def prepare(self, count: int) -> None:
        """Encode up to `count` more records: the sooner a state is encoded, the less waits for it."""
        self._ready.extend(islice(self._coming, count))

    def take(self, count: int) -> list[Output]:
        """Return the next `count` records; they are to be written before those of the next call."""
        self.prepare(max(0, count + 1 - len(self._ready)))  # one more: `pending` is to know the last
        taken = [self._ready.popleft() for _ in range(min(count, len(self._ready)))]
        self._taken += sum(len(output.value or b"") for output in taken)
        return taken

    @property
    def heavy(self) -> bool:
        """Whether the state is too large to be written in one go."""
        return max(self._bytes, self._taken) > HEAVY_BYTES

    def due(self, now_s: float) -> bool:
        """Whether records may be written without exceeding BYTES_PER_S."""
        return self.pending and now_s >= self._due_s

    def take_due(self, count: int, now_s: float) -> list[Output]:
        """Return up to `count` records if they are due; of a heavy state few at a time."""
        taken: list[Output] = []
        size = 0
        while self.due(now_s) and len(taken) < count and size < PORTION_BYTES:
            taken += self.take(1)
            size += len(taken[-1].value or b"")
        if taken:
            self._due_s = now_s + size / BYTES_PER_S
        return taken
