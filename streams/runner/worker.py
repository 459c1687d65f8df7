"""The worker as people run it: all machines of the shop, /metrics, a line in the terminal per incident."""

import asyncio
import logging
import sys
import time
from collections.abc import Sequence

import click
from aiokafka import TopicPartition

from sinks.metrics import Sample
from sinks.notification import from_record
from sinks.prometheus import Exhibit, Series
from streams.detect.detect import Detect
from streams.ingest.ingest import Ingest
from streams.kafka.topic_spec import wanted
from streams.machine import Machine, Output
from streams.memory import collect_rarely, keep_freed
from streams.notify.notify import Notify, incident_line
from streams.plan import build_plan, plan_hash
from streams.runner.app import Telemetry, serve
from streams.runner.health import Health, start_server
from streams.runner.push import Push
from streams.runner.quiet import Once
from streams.runner.role import Role
from streams.settings.model import EVENT_KINDS, EventKind, Settings

QUIET = (
    "faust",
    "mode",
    "aiokafka",
    "streams.runner.transport",
    "streams.runner.consumer_thread",
    "streams.runner.faust_app",
)  # warnings only: their news are not the user's


def run(settings: Settings, *, watch_stdin: bool = False) -> None:
    """Work until told to end: by a signal, or, with watch_stdin, by the end of stdin.

    Raises Failure if the settings ask for what a worker cannot do, topics are missing, or the port is taken.
    """
    _log()
    keep_freed()
    Detect(settings, 0)  # a monitor that cannot run is told now, not when the first partition arrives
    health, exhibit = Health(time.monotonic), Exhibit(settings.limits.samples)
    server = start_server(settings, exhibit, health)
    health.wait("joining the group")

    def status(waiting: str) -> None:
        health.beat()
        health.wait(waiting)

    def committed(role: Role, outputs: Sequence[Output]) -> None:
        if role.name == "notify":
            _print_incidents(settings, outputs)

    def ready() -> None:
        collect_rarely()
        where = f"http://{settings.server.host}:{server.port}/metrics"
        click.echo(f"fenghuo worker: ready ({settings.kafka.group}), {where}", err=True)

    push = Push(settings) if settings.alertmanagers.urls else None

    def publish(samples: Sequence[Sample], series: Sequence[Series]) -> None:
        if push is not None:
            push.publish(samples)
            samples = [*samples, *push.samples()]
        exhibit.publish(samples, series)

    telemetry = Telemetry(ready, status, publish, committed, exhibit.observe, push.run if push else None)
    try:
        asyncio.run(
            serve(settings, roles(settings), list(wanted(settings)), telemetry, watch_stdin=watch_stdin)
        )
    finally:
        server.close()


def roles(settings: Settings) -> dict[str, Role]:
    """Return which machine reads which topic."""
    topics = settings.topics
    plan = plan_hash(build_plan(settings))
    partials = tuple(TopicPartition(topics.partial, n) for n in range(settings.kafka.partial_partitions))
    alerts = (TopicPartition(topics.alert, 0),)

    def ingest(kind: EventKind) -> Role:
        def build(partition: int) -> Machine:
            return Ingest(settings, kind, partition)

        return Role("ingest", topics.of_event(kind), topics.ingest_state, build, plan, partials)

    def detect(partition: int) -> Machine:
        return Detect(settings, partition)

    def notify(_: int) -> Machine:
        return Notify(settings)

    every = [
        *(ingest(kind) for kind in EVENT_KINDS),
        Role("detect", topics.partial, topics.detect_state, detect, plan, alerts),
        Role("notify", topics.alert, topics.notify_state, notify, plan),
    ]
    return {role.topic: role for role in every}


def _print_incidents(settings: Settings, outputs: Sequence[Output]) -> None:
    for output in outputs:
        if output.topic == settings.topics.notification and output.value is not None:
            click.echo(incident_line(from_record(output.value), settings.time.timezone))
    sys.stdout.flush()


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Once())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
