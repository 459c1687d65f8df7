"""Hurry: whether commits are on their way that somebody waits for."""

import time
from types import TracebackType

READ_S = 0.05  # so long after a commit whoever reads what it told is given the machine


class Hurry:
    """Counts them, for all owners of a worker. As a context manager: one more, for as long as it lasts."""

    def __init__(self) -> None:
        self._commits = 0
        self._told_s = -READ_S

    @property
    def on(self) -> bool:
        """Whether there are any, or were a moment ago: what they told is to be read."""
        return self._commits > 0 or time.monotonic() - self._told_s < READ_S

    def __enter__(self) -> None:
        self._commits += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._commits -= 1
        self._told_s = time.monotonic()
