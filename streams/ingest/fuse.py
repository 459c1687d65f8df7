"""The fuse of a partition: blows when too many of the last records were rejects."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from streams.settings import model


class Blow(NamedTuple):
    """Where it blew: `offset` and record timestamp of the last reject, and the share of rejects there."""

    offset: int
    record_ms: int
    ratio: float


class Fuse:
    """Counts rejects among the last `volume` records. A function of the log and the reset offsets.

    A reset names an offset: what was rejected before it is forgiven. Reading goes on at once; the fuse is
    whole again, and says so, with the first record at or after that offset. So a restart, which hears of the
    reset before it reads the log again, comes to the same state.
    """

    def __init__(self, settings: model.Fuse) -> None:
        self._settings = settings
        self._rejects: deque[tuple[int, int]] = deque()  # ordinal, offset
        self._reset_offset = -1
        self.blow: Blow | None = None

    @property
    def paused(self) -> bool:
        """Whether reading must stop until a reset."""
        return self.blow is not None and self._reset_offset <= self.blow.offset

    def reset(self, offset: int) -> None:
        """Forgive the rejects before the offset."""
        self._reset_offset = max(self._reset_offset, offset)

    def mended(self, offset: int) -> Blow | None:
        """Return the blow that ends with the record at `offset`, the first one read after its reset."""
        blow = self.blow
        if blow is None or self.paused or offset < self._reset_offset:
            return None
        self.blow = None
        return blow

    def reject(self, ordinal: int, offset: int, record_ms: int) -> Blow | None:
        """Count a reject, the `ordinal`-th record read; return the blow if the fuse blows with it."""
        rejects, volume = self._rejects, self._settings.volume
        rejects.append((ordinal, offset))
        forgiven = self._reset_offset if offset >= self._reset_offset else -1
        while rejects[0][0] <= ordinal - volume or rejects[0][1] < forgiven:
            rejects.popleft()
        ratio = len(rejects) / volume
        if not self._settings.enabled or self.blow is not None or ratio <= self._settings.ratio:
            return None
        self.blow = Blow(offset, record_ms, ratio)
        return self.blow

    def rejects(self) -> list[tuple[int, int]]:
        """Return the rejects still counted, oldest first: with `blow` the whole state."""
        return list(self._rejects)

    def load(self, rejects: Sequence[tuple[int, int]], blow: Blow | None) -> None:
        """Take over the state of `rejects` and `blow`."""
        self._rejects = deque(rejects)
        self.blow = blow
