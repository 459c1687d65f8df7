"""A courier from start to an orderly end: logs, /metrics and health, the wait for Kafka."""

import asyncio
import logging
import os
import sys
import time
from typing import NoReturn

import click
from aiokafka.errors import KafkaError

from sinks.prometheus import Exhibit
from streams.courier.process import News, group_of, serve
from streams.failure import Failure
from streams.runner.app import stop_signal
from streams.runner.broker import wait_for_topics
from streams.runner.exit_code import AGAIN, CRASHED
from streams.runner.health import Health, start_server
from streams.runner.trouble import explained
from streams.settings.model import Settings

logger = logging.getLogger(__name__)


def run(settings: Settings, *, watch_stdin: bool = False) -> None:
    """Deliver until told to end: by a signal, or, with watch_stdin, by the end of stdin.

    Raises Failure if there is nobody to deliver to, topics are missing, or the port is taken.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for name in ("aiokafka", "aiohttp"):
        logging.getLogger(name).setLevel(logging.WARNING)
    if not any(channel.enabled for channel in settings.channels):
        raise Failure("there are no channels to deliver to: see `channels` in docs/channels.md")
    health, exhibit = Health(time.monotonic), Exhibit(settings.limits.samples)
    server = start_server(settings, exhibit, health, "courier_port")
    where = f"http{'s' if settings.server.certificate_file else ''}://{settings.server.host}:{server.port}/metrics"
    try:
        asyncio.run(_run(settings, exhibit, health, where, watch_stdin=watch_stdin))
    finally:
        server.close()


async def _run(
    settings: Settings, exhibit: Exhibit, health: Health, where: str, *, watch_stdin: bool
) -> None:
    stop = stop_signal(watch_stdin=watch_stdin)
    topics = [settings.topics.notification, settings.topics.courier_state]
    health.wait("waiting for Kafka")
    try:
        if not await wait_for_topics(settings.kafka, topics, stop):
            return
    except (KafkaError, Failure) as error:
        crash(error)
    click.echo(f"fenghuo courier: ready ({group_of(settings)}), {where}", err=True)

    def status(waiting: str) -> None:
        health.beat()
        health.wait(waiting)

    await serve(settings, News(status, exhibit.publish, crash), stop)


def crash(error: BaseException) -> NoReturn:
    """End the process at once; the exit code says whether to start again. What is not settled stays so."""
    error = explained(error)
    if isinstance(error, Failure):
        print(f"fenghuo courier: {error}", file=sys.stderr)
        code = error.exit_code
    else:
        logger.critical("ending on an unforeseen error; what is not settled is sent again", exc_info=error)
        code = AGAIN if isinstance(error, KafkaError | TimeoutError | OSError) else CRASHED
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)
