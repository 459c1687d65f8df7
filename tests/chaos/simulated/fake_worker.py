"""A worker process: the real runner over a stand-in for Faust."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka.errors import KafkaConnectionError, ProducerFenced

from streams.runner.control import Control
from streams.runner.runner import Parts, Runner
from streams.settings.model import Kafka, Settings
from tests.chaos.simulated.fake_client import Net
from tests.chaos.simulated.fake_consumer import Consumer
from tests.chaos.simulated.fake_group import Group
from tests.chaos.simulated.shop import Shop
from tests.chaos.simulated.virtual_loop import Process

GROUP = "g"
DRAIN_S = 10.0
SETTINGS = Settings(kafka=Kafka(group=GROUP, flush_ceiling_ms=300, checkpoint_every_ms=900))


class Ended(BaseException):
    """Unwinds what called `crash`: a real process would be gone."""


class Worker:
    """One process: the real runner over a stand-in for Faust."""

    def __init__(self, net: Net, group: Group, shop: Shop, name: str) -> None:
        self.process = Process(net.loop, name)
        self.failure: BaseException | None = None  # why it ended, if that was no fault of the world
        self.fenced = False
        parts = Parts(
            SETTINGS,
            shop.roles,
            Control(SETTINGS.kafka, "control"),
            self._crash,
            _unheard,
            _unheard,
            _unheard,
        )
        self.runner = Runner(parts)
        self._consumer = Consumer(net, group, GROUP, name, self.runner)
        for work in (self._consumer.fetch, self._consumer.work, self._consumer.belong):
            self.process.start(self._guarded(work))

    def terminate(self) -> None:
        """Like SIGTERM: drain, leave, end."""
        self.process.start(self._guarded(self._drain))

    async def _drain(self) -> None:
        await self.runner.close(DRAIN_S)
        await self._consumer.leave()
        self.process.kill()

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 (as the real worker: any error ends the process)
            self._crash(error)

    def _crash(self, error: BaseException) -> None:
        if not self.process.alive:
            return  # its coroutines are being collected
        self.process.kill()
        self.fenced = isinstance(error, ProducerFenced)
        if not isinstance(error, ProducerFenced | KafkaConnectionError):
            self.failure = error
        raise Ended


def _unheard(*_: object) -> None:
    """Take news nobody asked for."""
