"""The way to the broker and back: takes time, keeps one client's order, loses answers in a restart."""

import asyncio
import random
from collections.abc import Callable
from contextvars import Context
from typing import TypeVar

from aiokafka.errors import KafkaConnectionError, KafkaError

from tests.chaos.simulated.fake_broker import Broker
from tests.chaos.simulated.virtual_loop import VirtualLoop

Answer = TypeVar("Answer")

QUICK_S = 0.004
SLOW_S = 1.5  # a request may reach the broker long after its sender was replaced
SLOW_OF = 200  # one request in so many

NOBODY = Context()  # what is on its way belongs to no process: it arrives even if the sender is dead


class Wire:
    """The connection of one client."""

    def __init__(self, loop: VirtualLoop, broker: Broker, chance: random.Random) -> None:
        self._loop = loop
        self._broker = broker
        self._chance = chance
        self._last_s = 0.0

    def send(self, request: Callable[[], Answer]) -> "asyncio.Future[Answer]":
        """Send a request; the future is its answer, or KafkaConnectionError: it may have had its effect."""
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._last_s = max(self._last_s, self._loop.time() + self._delay_s())
        self._loop.call_at(self._last_s, self._arrive, request, answer, context=NOBODY.copy())
        return answer

    def _arrive(self, request: Callable[[], Answer], answer: "asyncio.Future[Answer]") -> None:
        if not self._broker.up:
            self._loop.call_later(
                self._delay_s(), _fail, answer, KafkaConnectionError(), context=NOBODY.copy()
            )
            return
        boot = self._broker.boots
        try:
            value = request()
        except KafkaError as error:
            self._loop.call_later(self._delay_s(), _fail, answer, error, context=NOBODY.copy())
            return
        self._loop.call_later(self._delay_s(), self._settle, answer, value, boot, context=NOBODY.copy())

    def _settle(self, answer: "asyncio.Future[Answer]", value: Answer, boot: int) -> None:
        if boot != self._broker.boots:
            _fail(answer, KafkaConnectionError())
        elif not answer.done():
            answer.set_result(value)

    def _delay_s(self) -> float:
        slow = self._chance.randrange(SLOW_OF) == 0
        return self._chance.random() * (SLOW_S if slow else QUICK_S)


def _fail(answer: "asyncio.Future[Answer]", error: KafkaError) -> None:
    if not answer.done():
        answer.set_exception(error)
