"""A worker: the Faust app that drives the machines of all topics, from start to an orderly end."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from aiokafka.errors import KafkaError, ProducerFenced

from sinks.metrics import Sample
from sinks.prometheus import Series
from streams.failure import Failure
from streams.machine import Output
from streams.runner import group
from streams.runner.broker import wait_for_topics
from streams.runner.control import Control
from streams.runner.exit_code import AGAIN, CRASHED, DONE
from streams.runner.faust_app import App
from streams.runner.guard import spawn
from streams.runner.role import Role
from streams.runner.runner import Parts, Runner
from streams.runner.trouble import explained
from streams.runner.vitals import Vitals
from streams.settings.model import Settings

# What stops us waits ten seconds, also when the broker does not answer.
DRAIN_S = 5.0
LEAVE_S = 2.0
END_S = 9.0
TICK_S = 1.0
PUBLISH_S = 0.2  # no two publications are closer

logger = logging.getLogger(__name__)


def _unheard(*_: object) -> None:
    """Take news nobody asked for."""


class Telemetry(NamedTuple):
    """Where a worker's news go.

    ready      told once, when the worker has joined its group
    status     told about once a second what is in the way of work; empty: nothing
    publish    given all samples about once a second, and whom a scrape asks for those of single series
    committed  given the outputs of each transaction, after it
    observe    given each observation of a histogram: name, labels, seconds
    beside     work that goes on beside the machines; its error ends the process
    """

    ready: Callable[[], None] = _unheard
    status: Callable[[str], None] = _unheard
    publish: Callable[[Sequence[Sample], Sequence[Series]], None] = _unheard
    committed: Callable[[Role, Sequence[Output]], None] = _unheard
    observe: Callable[[str, tuple[str, ...], float], None] = _unheard
    beside: Callable[[], Coroutine[Any, Any, None]] | None = None


async def serve(
    settings: Settings,
    roles: Mapping[str, Role],
    topics: Collection[str],
    telemetry: Telemetry,
    *,
    watch_stdin: bool = False,
) -> None:
    """Work until SIGTERM or SIGINT; then drain and return. Every error ends the process (see `crash`).

    roles: by the topic they read; topics: those that must be there; watch_stdin: the end of stdin (whoever
    started us is gone) counts as a signal.
    """
    stop = stop_signal(watch_stdin=watch_stdin)
    try:
        if not await wait_for_topics(settings.kafka, topics, stop):
            return
        control = Control(settings.kafka, settings.topics.control)
        await control.read()
    except (KafkaError, Failure) as error:
        crash(error)
    news = asyncio.Event()

    def applied(role: Role) -> None:
        if role.name == "notify":
            news.set()

    runner = Runner(Parts(settings, roles, control, crash, applied, telemetry.committed, telemetry.observe))
    app = _app(settings, roles, runner)
    tasks = [
        spawn(_start(app, telemetry), crash),
        spawn(_crash_with(app), crash),
        spawn(control.follow(), crash),
        spawn(_tick(app, runner, telemetry, news), crash),
        spawn(_watch_group(settings, roles, topics), crash),
    ]
    if telemetry.beside is not None:
        tasks.append(spawn(telemetry.beside(), crash))
    await stop.wait()
    await _end(app, runner, tasks)


def crash(error: BaseException) -> NoReturn:
    """End the process at once, before any offset can move; the exit code says whether to start again."""
    error = explained(error)
    if isinstance(error, Failure):
        print(f"fenghuo worker: {error}", file=sys.stderr)
        code = error.exit_code
    elif isinstance(error, ProducerFenced):
        logger.warning("another worker took a partition over, or a transaction took too long: ending")
        code = AGAIN
    else:
        logger.critical("ending on an unforeseen error; what was not committed is read again", exc_info=error)
        code = AGAIN if isinstance(error, KafkaError | TimeoutError | OSError) else CRASHED
    logging.shutdown()
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(code)


def _app(settings: Settings, roles: Mapping[str, Role], runner: Runner) -> App:
    kafka = settings.kafka
    app = App(kafka, runner)
    for topic, role in roles.items():
        app.batches(topic, f"{role.name}:{topic}", runner.take)
    return app


async def _start(app: App, telemetry: Telemetry) -> None:
    await app.start()
    app.joined = True
    telemetry.ready()


async def _crash_with(app: App) -> None:
    crash(await app.failed())


async def _tick(app: App, runner: Runner, telemetry: Telemetry, news: asyncio.Event) -> None:
    """Publish once a second, and soon after notify has read something: pushes wait for it."""
    vitals = Vitals(runner)
    while True:
        news.clear()
        runner.watch()
        telemetry.status(vitals.waiting() if app.joined else "joining the group")
        telemetry.publish(vitals.samples(), vitals.series())
        await asyncio.sleep(PUBLISH_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), TICK_S - PUBLISH_S)


async def _watch_group(settings: Settings, roles: Mapping[str, Role], topics: Collection[str]) -> None:
    kafka = settings.kafka
    await group.watch(kafka, kafka.group, group.Group(roles.keys(), topics))


async def _end(app: App, runner: Runner, tasks: Sequence["asyncio.Task[None]"]) -> None:
    logger.info("draining")
    _end_at_last()
    await runner.close(DRAIN_S)
    for task in tasks:
        task.cancel()
    try:
        async with asyncio.timeout(LEAVE_S):
            await app.stop()
    except TimeoutError:
        logger.warning("did not leave the group in time; the others wait for the session to run out")


def _end_at_last() -> None:
    """End the process in a while whatever still hangs: threads of a client wait for a broker that is away."""
    timer = threading.Timer(END_S, os._exit, (DONE,))
    timer.daemon = True
    timer.start()


def stop_signal(*, watch_stdin: bool) -> asyncio.Event:
    """Return an event set by SIGTERM or SIGINT; a second one ends the process at once."""
    stop = asyncio.Event()

    def handle(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, handle, number)
    if watch_stdin:
        threading.Thread(target=_await_end_of_stdin, args=(loop, stop), daemon=True).start()
    return stop


def _await_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(stop.set)
