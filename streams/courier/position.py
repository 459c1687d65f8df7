"""Where each channel goes on: the courier's state, a compacted topic with a record a channel."""

from collections.abc import Mapping

import msgspec
from aiokafka import AIOKafkaProducer

from streams.runner.log import compacted
from streams.settings.connection import connection
from streams.settings.model import Settings


class Position(msgspec.Struct, frozen=True):
    """Everything before `next` (an offset of the notification topic) is settled for the channel."""

    next: int


class Positions:
    """Reads and writes them. As an async context manager: connects, disconnects."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = settings.topics.courier_state
        self._producer = AIOKafkaProducer(**connection(settings.kafka), enable_idempotence=True)

    async def __aenter__(self) -> "Positions":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def read(self) -> Mapping[str, int]:
        """Return them by channel. A record that cannot be read is none: its channel starts as a new one."""
        records = await compacted(self._settings.kafka, self._topic)
        return {
            key.decode("utf-8", "replace"): at for key, value in records.items() if (at := _next(value)) >= 0
        }

    async def write(self, channel: str, position: int) -> None:
        """Keep a position; it is there when this returns. Raises KafkaError."""
        value = msgspec.json.encode(Position(position))
        await self._producer.send_and_wait(self._topic, value, channel.encode(), 0)


def _next(value: bytes) -> int:
    try:
        return msgspec.json.decode(value, type=Position).next
    except msgspec.DecodeError:
        return -1
