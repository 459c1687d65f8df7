"""The snapshots of an owner's machine: when one is taken, and how it goes out with the transactions."""

from collections.abc import Iterator

from streams.machine import Output
from streams.runner.checkpoint import Checkpoint
from streams.runner.hooks import State

BLOCKS = 4  # of a checkpoint, written with one transaction
ENCODED = (
    50  # of a checkpoint, about 20 MB, encoded at a time: what windows find encoded does not hold them up
)
APPLIED_MAX = 500_000  # after so many records one is due before its time: bounds the replay


class Snapshots:
    """Takes a checkpoint at a time; the next one when all of it was handed out.

    now_s: seconds of the monotonic clock.
    """

    def __init__(self, state: State, plan: str, now_s: float) -> None:
        """Take the first one at once if nothing was ever committed."""
        self._machine = state.machine
        self._writer = state.writer
        self._plan = plan
        self._applied = 0  # records since the last one
        self._frozen_s = now_s
        if state.fresh:
            self.freeze(state.position, now_s)

    def count(self, records: int) -> None:
        """Know of so many more records applied."""
        self._applied += records

    def freeze(self, position: int, now_s: float) -> None:
        """Take the state of this moment; it goes out with this transaction and the next ones."""
        state = self._machine.snapshot()
        self._writer.freeze(Checkpoint(position, self._machine.metadata(), state, self._plan))
        self._applied = 0
        self._frozen_s = now_s

    def due(self, now_s: float, every_s: float, *, told: bool) -> bool:
        """Whether to freeze: best right after something was told, when the next windows are far off."""
        if self._writer.pending or not self._applied:
            return False
        return now_s - self._frozen_s >= every_s * (1 if told else 2) or self._applied >= APPLIED_MAX

    def encode(self) -> None:
        """Encode some of what is to go out, while nobody waits."""
        self._writer.prepare(ENCODED)

    def ready(self, now_s: float) -> bool:
        """Whether records may go out now."""
        return self._writer.due(now_s)

    def take(self, now_s: float) -> list[Output]:
        """Return what goes out with the transaction of this moment."""
        return self._writer.take_due(BLOCKS, now_s)

    def last(self, position: int, now_s: float) -> Iterator[list[Output]]:
        """Yield what is left for the next owner to begin with, a transaction at a time.

        Nothing of a heavy state: the next owner would wait for it longer than for a replay.
        """
        if self._writer.heavy:
            return
        yield from self._rest()
        if self._applied:
            self.freeze(position, now_s)
            yield from self._rest()

    def _rest(self) -> Iterator[list[Output]]:
        while self._writer.pending:
            yield self._writer.take(BLOCKS)
