"""Two machines in small: all of the shape of ingest and detect, and state that shows every mistake.

An event is `window:amount`. Each machine keeps `CHAINS` chains of checksums: what was applied, in its order.
A chain is a block of its own, so that a state put together from two moments does not fit together; every
other one is a lasting block, written only when it changed.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from zlib import crc32

import msgspec
from aiokafka import TopicPartition

from streams.failure import Failure
from streams.frozen import Block, Frozen
from streams.machine import Output, Record
from streams.runner.role import Role
from tests.chaos.simulated.shop import Shop, Span

CHAINS = 7  # blocks besides the head: more than go out with one transaction
TURN = 4  # values in a row for the same chain
SOURCES = 2  # partitions of `INPUT`
TARGETS = 2  # partitions of `MIDDLE`
EVENTS = 60  # in each source
WINDOW = 5  # events in a row that belong to one window
INPUT, MIDDLE, ALERTS = "input", "middle", "alerts"


class NotTiled(Failure):
    """A range of a source is missing, or came twice."""


class Stub:
    """What both machines share."""

    paused = False

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.chains = [0] * CHAINS
        self.applied = 0

    def chain(self, value: bytes) -> int:
        """Add a value to the chain whose turn it is."""
        at = self.applied // TURN % CHAINS
        self.applied += 1
        self.chains[at] = crc32(value, self.chains[at])
        return self.chains[at]

    def metadata(self) -> str:
        return f"{self.applied}"

    def reset_fuse(self, offset: int) -> None:
        """There is none."""

    def samples(self) -> tuple[()]:
        return ()

    def head(self) -> Any:
        """Return what is kept besides the chains."""
        raise NotImplementedError

    def load_head(self, head: Any) -> None:
        """Take it back."""
        raise NotImplementedError

    def snapshot(self) -> Frozen:
        head = msgspec.json.encode([self.applied, self.head()])
        chains = [msgspec.json.encode(chain) for chain in self.chains]
        return Frozen([_frozen(head), *(_frozen(chain, _name(at)) for at, chain in enumerate(chains))])

    def restore(self, blocks: Sequence[bytes], metadata: str) -> None:
        (self.applied, head), *self.chains = (msgspec.json.decode(block) for block in blocks)
        self.load_head(head)


def _frozen(encoded: bytes, name: str = "") -> Block:
    return Block(lambda: encoded, name)


def _name(at: int) -> str:
    return f"chain-{at}" if at % 2 else ""


class Tally(Stub):
    """Ingest in small: what was read since the last flush goes to the partition of its window."""

    def __init__(self, partition: int) -> None:
        super().__init__()
        self.partition = partition
        self.next = self.flushed = 0
        self.window = self.flushed_window = -1
        self.pending: list[tuple[int, int, int]] = []

    @property
    def due(self) -> bool:
        return self.window != self.flushed_window

    def apply(self, records: Sequence[Record]) -> None:
        for record in records:
            assert record.value is not None
            window, amount = map(int, record.value.split(b":"))
            self.window = max(self.window, window)
            self.pending.append((window, amount, self.chain(record.value)))
            self.next = record.offset + 1

    def flush(self, now_ms: int, *, caught_up: bool) -> list[Output]:
        if self.next == self.flushed:
            return []
        outputs = [self._partial(target) for target in range(TARGETS)]
        self.pending = []
        self.flushed, self.flushed_window = self.next, self.window
        return outputs

    def _partial(self, target: int) -> Output:
        mine = [row for row in self.pending if row[0] % TARGETS == target]
        head = (self.partition, self.flushed, self.next, len(self.pending), self.window)
        value = msgspec.json.encode([*head, mine])
        return Output(MIDDLE, b"%d" % self.partition, value, partition=target)

    def head(self) -> Any:
        return [self.next, self.window]

    def load_head(self, head: Any) -> None:
        self.next, self.window = self.flushed, self.flushed_window = head


class Judge(Stub):
    """Detect in small: a window is told when all sources have passed it. Sources may interleave freely."""

    def __init__(self, sources: int) -> None:
        super().__init__()
        self.reached = [0] * sources
        self.passed = [-1] * sources
        self.sums: dict[int, list[int]] = {}
        self.told = -1

    @property
    def due(self) -> bool:
        return bool(self.outputs)

    def apply(self, records: Sequence[Record]) -> None:
        for record in records:
            source, start, end, _, window, rows = msgspec.json.decode(record.value or b"")
            if start != self.reached[source]:
                raise NotTiled(f"source {source}: [{start}, {end}) after {self.reached[source]}")
            self.reached[source], self.passed[source] = end, window
            for row in rows:
                self._add(*row)
            self._tell()

    def _add(self, window: int, amount: int, chain: int) -> None:
        entry = self.sums.setdefault(window, [0, 0, 0])
        entry[:] = entry[0] + 1, entry[1] + amount, entry[2] ^ chain

    def _tell(self) -> None:
        for window in sorted(one for one in self.sums if one < min(self.passed)):
            text = b"%d:%d:%d:%d" % (window, *self.sums.pop(window))
            self.told = window
            self.outputs.append(
                Output(ALERTS, b"%d" % window, b"%b:%d" % (text, self.chain(text)), partition=0)
            )

    def flush(self, now_ms: int, *, caught_up: bool) -> list[Output]:
        outputs, self.outputs = self.outputs, []
        return outputs

    def head(self) -> Any:
        return [self.reached, self.passed, sorted(self.sums.items()), self.told]

    def load_head(self, head: Any) -> None:
        self.reached, self.passed, sums, self.told = head
        self.sums = dict(sums)


class Thawing(Tally):
    """A planted fault: blocks are made when they are written, of the state as it is then."""

    def snapshot(self) -> Frozen:
        return Frozen([Block(partial(self._block, at)) for at in range(CHAINS + 1)])

    def _block(self, at: int) -> bytes:
        return super().snapshot()[at]


def shop(chance: random.Random, tally: Callable[[int], Tally] = Tally) -> Shop:
    """Return the two machines and events for them."""
    middle = tuple(TopicPartition(MIDDLE, target) for target in range(TARGETS))
    roles = {
        INPUT: Role("ingest", INPUT, f"{INPUT}-state", tally, writes=middle),
        MIDDLE: Role(
            "detect", MIDDLE, f"{MIDDLE}-state", lambda _: Judge(SOURCES), writes=(TopicPartition(ALERTS, 0),)
        ),
    }
    events = {TopicPartition(INPUT, source): _events(chance) for source in range(SOURCES)}
    return Shop(roles, {INPUT: SOURCES, MIDDLE: TARGETS}, events, MIDDLE, _span, ALERTS)


def _span(value: bytes) -> Span:
    source, start, end, read, *_ = msgspec.json.decode(value)
    return Span(TopicPartition(INPUT, source), start, end, read)


def _events(chance: random.Random) -> list[bytes]:
    return [b"%d:%d" % (number // WINDOW, chance.randrange(1000)) for number in range(EVENTS)]
