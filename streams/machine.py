"""The contract of a machine: one log in, outputs out; pure, so that a file can drive it as well as Kafka."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from sinks.metrics import Sample

Headers = Sequence[tuple[str, bytes]]


class Record(NamedTuple):
    """One record of a log. aiokafka's `ConsumerRecord` has the same attributes and is passed as it is."""

    offset: int
    timestamp: int  # epoch ms, set by the broker (LogAppendTime)
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Output(NamedTuple):
    """One record to write. `partition` None: the producer's partitioner decides by the key (murmur2)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    timestamp: int | None = None  # None: the time of sending; input topics ignore it (LogAppendTime)


class Machine(Protocol):
    """A deterministic function of one log (one partition of one topic).

    The runner calls `apply` with whatever batches it has, `flush` when it wants the outputs, and commits the
    outputs together with the offset after the last record applied. No clock, no I/O, no dependence on batch
    boundaries; `now_ms` is passed in and may only reach outputs that are themselves records of a log.

    Restart = `restore(blocks of the last checkpoint)` + `apply` of the records from the checkpoint's offset
    to the committed offset, then one `flush` whose outputs are thrown away (they were committed) + go on.
    """

    def apply(self, records: Sequence[Record]) -> None:
        """Take the next records of the log, in offset order. Never raises on input."""

    @property
    def due(self) -> bool:
        """Whether an output is ready that somebody waits for (a window's end, an alert): flush now."""

    @property
    def paused(self) -> bool:
        """Whether the machine wants no more input until an operator acts (the dead-letter fuse)."""

    def flush(self, now_ms: int, *, caught_up: bool) -> list[Output]:
        """Return all outputs since the last flush.

        caught_up: the log was polled and had nothing more (an idle source is told from a lagging one by it).
        """

    def reset_fuse(self, offset: int) -> None:
        """Take input again: what was read before `offset` no longer counts against the fuse.

        Called with an operator's order, before a replay and while running; `paused` may be False again after
        it. Machines without a fuse ignore it.
        """

    def samples(self) -> Iterable[Sample]:
        """Return what /metrics shows of this machine now (names and labels of `sinks.metrics`): not much."""

    def metadata(self) -> str:
        """Small state committed with the offset itself (at most 2 KB); empty when the machine has none."""

    def snapshot(self) -> Sequence[bytes]:
        """Return the whole state as blocks of at most ~512 KB. Call right after a flush.

        It is the state of this moment, whatever is applied later; a large one is `streams.frozen.Frozen`,
        which encodes a block when it is asked for.
        """

    def restore(self, blocks: Sequence[bytes], metadata: str) -> None:
        """Take over the state of `snapshot` and `metadata`. Call on a new machine only.

        Raises StateRefused if version, layout or checksum do not fit.
        """


@runtime_checkable
class Shows(Protocol):
    """A machine that shows single series beside its samples: too many to be made every second."""

    def series(self, limit: int) -> Iterator[Sample]:
        """Yield up to `limit` samples of series, and how many were left out.

        Called by the thread of a scrape while the machine works on: it only reads.
        """


class StateRefused(Exception):  # noqa: N818 (named like what it says: the state was refused)
    """Stored state is of another version or damaged: throw the checkpoint away, the log rebuilds it."""
