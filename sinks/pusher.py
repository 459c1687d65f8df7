"""Pushes the board to every Alertmanager, each at its own pace: one that is away holds up no other."""

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from sinks.alertmanager import Board, bodies
from sinks.metrics import Sample
from sinks.outcome import Outcome
from sinks.retry import Backoff

IDLE_S = 1.0

logger = logging.getLogger(__name__)


class Receiver(Protocol):
    """One Alertmanager."""

    @property
    def name(self) -> str:
        """For metrics and logs."""

    async def push(self, requests: list[bytes]) -> Outcome:
        """Post all requests once."""


class Pusher:
    """Keeps no queue: what is pushed is the state of the moment, so a failed push loses nothing.

    now_ms: epoch ms; chance: for the jitter of pauses.
    """

    def __init__(
        self, board: Board, receivers: Sequence[Receiver], now_ms: Callable[[], int], chance: random.Random
    ) -> None:
        self._board = board
        self._now_ms = now_ms
        self._lines = [_Line(receiver, Backoff(chance)) for receiver in receivers]

    def publish(self, samples: Iterable[Sample]) -> None:
        """Take what /metrics shows; push soon if something changed."""
        if self._board.update(samples, self._now_ms()):
            for line in self._lines:
                line.news.set()

    async def run(self) -> None:
        """Push, for ever."""
        async with asyncio.TaskGroup() as group:
            for line in self._lines:
                group.create_task(self._serve(line))

    def samples(self) -> Iterable[Sample]:
        """Return how the pushes fare."""
        for line in self._lines:
            yield from line.samples(self._now_ms())

    async def _serve(self, line: "_Line") -> None:
        while True:
            line.news.clear()
            alerts = self._board.postable(self._now_ms())
            wait_s = IDLE_S
            if alerts:
                wait_s = line.take(await line.receiver.push(bodies(alerts)), self._now_ms())
            await self._wait(line, wait_s or self._board.pause_s(self._now_ms()))

    async def _wait(self, line: "_Line", seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(line.news.wait(), seconds)


class _Line:
    """What is known of one receiver."""

    def __init__(self, receiver: Receiver, backoff: Backoff) -> None:
        self.receiver = receiver
        self.news = asyncio.Event()
        self._backoff = backoff
        self._counts: Counter[str] = Counter()
        self._failing_ms: int | None = None

    def take(self, outcome: Outcome, now_ms: int) -> float:
        """Note an outcome; return the pause it asks for, 0 for none."""
        self._counts[outcome.what] += 1
        if outcome.what == "delivered":
            if self._failing_ms is not None:
                logger.info("Alertmanager %s takes alerts again", self.receiver.name)
            self._failing_ms = None
            self._backoff.reset()
            return 0.0
        if self._failing_ms is None:
            self._failing_ms = now_ms
            logger.warning("Alertmanager %s %s: trying again", self.receiver.name, outcome.reason)
        return self._backoff.pause_s(outcome.after_s)

    def samples(self, now_ms: int) -> Iterable[Sample]:
        """Return what /metrics shows of it."""
        channel = f"alertmanager/{self.receiver.name}"
        for what in ("delivered", "retry", "refused"):
            yield Sample("fenghuo_deliveries_total", (channel, what), self._counts[what])
        failing_ms = now_ms if self._failing_ms is None else self._failing_ms
        yield Sample("fenghuo_undelivered_seconds", (channel,), (now_ms - failing_ms) / 1000)
