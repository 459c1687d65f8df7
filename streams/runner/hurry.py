"""Hurry: whether commits are on their way that somebody waits for."""

from types import TracebackType


class Hurry:
    """Counts them, for all owners of a worker. As a context manager: one more, for as long as it lasts."""

    def __init__(self) -> None:
        self._commits = 0

    @property
    def on(self) -> bool:
        """Whether there are any."""
        return self._commits > 0

    def __enter__(self) -> None:
        self._commits += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._commits -= 1
