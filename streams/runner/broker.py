"""Waiting for the broker, and seeing that the topics are there, before anything else is started."""

import asyncio
import logging
from collections.abc import Collection, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from streams.runner.quiet import Heard
from streams.runner.restore import Refused
from streams.runner.trouble import explained
from streams.settings.connection import connection
from streams.settings.model import Kafka

BACKOFF_S = (1, 2, 5, 10, 30)

logger = logging.getLogger(__name__)


async def wait_for_topics(kafka: Kafka, topics: Collection[str], stop: asyncio.Event) -> bool:
    """Wait for the broker; False when stopped meanwhile. Raises Refused if topics are missing."""
    attempt = 0
    while not stop.is_set():
        try:
            found = await _topics(kafka)
        except KafkaError as error:
            if (failure := explained(error)) is not error:
                raise failure from error  # it answers, and will go on to refuse us
            wait_s = BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)]
            logger.warning(
                "Kafka does not answer at %s (kafka.bootstrap_servers); trying again in %d s. "
                "For a local one: fenghuo kafka up",
                kafka.bootstrap_servers,
                wait_s,
            )
            attempt += 1
            await _sleep(stop, wait_s)
        else:
            _refuse_missing(sorted(set(topics) - found))
            return True
    return False


async def _topics(kafka: Kafka) -> set[str]:
    heard, log = Heard(), logging.getLogger("aiokafka")
    log.addFilter(heard)  # it logs every address it could not reach, and why; we say it once
    consumer = AIOKafkaConsumer(**connection(kafka))
    try:
        await consumer.start()
        return set(await consumer.topics())
    except KafkaError as error:
        error.__cause__ = error.__cause__ or next(iter(heard.errors), None)
        raise
    finally:
        log.removeFilter(heard)
        await consumer.stop()


def _refuse_missing(missing: Sequence[str]) -> None:
    if missing:
        raise Refused(
            f"topics are missing: {', '.join(missing)}. Create them with `fenghuo topics apply`. If they are "
            f"there, this user may not see them: grant Describe, Read and Write on them."
        )


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
