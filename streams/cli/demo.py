"""`fenghuo demo`: a simulated shop on a real Kafka, three faults, and what is told of them."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sinks.notification import Notification
    from streams.demo.afternoon import Afternoon
    from streams.demo.script import Script
    from streams.demo.stage import Worker
    from streams.settings import Settings

FOLDER = Path("fenghuo-data/demo")
JARS = Path("fenghuo-data/kafka")
SHOWN = (  # of /metrics
    'fenghuo_events_total{outcome="aggregated",partition="0",topic="%s"}',
    'fenghuo_value{entity="",metric="orders",monitor="order_outage"}',
    'fenghuo_expected{entity="",metric="orders",monitor="order_outage"}',
)


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another shop.")
@click.option("--keep", is_flag=True, help="Leave Kafka and the worker running at the end, until Ctrl-C.")
def command(seed: int, *, keep: bool) -> int:
    """Watch fenghuo find what goes wrong in a simulated shop, in two minutes.

    Starts a local Kafka (unless FENGHUO_KAFKA__BOOTSTRAP_SERVERS names one), learns the history of a shop,
    then lets an afternoon pass in a minute, in which three things go wrong. The topics and the group are the
    demo's own; its settings and logs are in fenghuo-data/demo.

    Exit codes: 0 all three were found; 4 not all; 130 ended by Ctrl-C.

    \b
    Examples:
      fenghuo demo
      fenghuo demo --seed 7 --keep
    """
    import logging
    from contextlib import ExitStack

    from streams.demo.stage import ended_by_signals, local_kafka
    from streams.settings.environment import kafka_named

    for client in ("aiokafka", "kafka"):  # a broker that has just begun makes them chat; failures are raised
        logging.getLogger(client).setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        stack.enter_context(ended_by_signals())
        servers = kafka_named()
        if servers is None:
            new = not any(JARS.glob("libs-*"))
            _say("Kafka", f"a local one is started{' (the first time, 54 MB of jars are fetched)' * new}")
            servers = stack.enter_context(local_kafka(FOLDER / "kafka", JARS))
        return _play(seed, servers, keep=keep)


def _play(seed: int, servers: str, *, keep: bool) -> int:
    from streams.demo.page import programme
    from streams.demo.script import write_script
    from streams.demo.stage import Worker

    script = write_script(seed, int(time.time() * 1000))
    config = FOLDER / "fenghuo.yaml"
    settings = _configure(script, servers, config)
    _learn(script, settings)
    with Worker(config, FOLDER / "worker.log") as worker:
        worker.wait_until_ready(settings)
        _say("worker", f"watches; its log is {FOLDER / 'worker.log'}")
        _tell(["", *programme(script), ""])
        afternoon = _watch(script, settings, worker)
        code = _summarise(script, settings, afternoon, keep=keep)
        if keep:
            click.echo("\nKafka and the worker go on; Ctrl-C ends them.", err=True)
            while True:
                time.sleep(1)
                worker.check()
    return code


def _configure(script: "Script", servers: str, config: Path) -> "Settings":
    """Write the demo's settings, make its topics, return the settings."""
    from streams.demo.stage import write_config
    from streams.kafka.port import free_port
    from streams.kafka.topics import apply
    from streams.settings import load
    from streams.settings.model import Topics

    run = f"demo-{script.end_ms // 1000}"  # its own topics and group: a demo touches no shop
    write_config(
        config,
        {
            "shop": "demo",
            # Events of the afternoon are up to five hours old when they are read: told all the same. Lateness
            # is event time and fits the simulator's disorder at any speed. Idleness is our own time: a topic
            # that is quiet for `idle_after` (an hour of the shop's) no longer holds the others up, and from
            # then on its time is projected by our slow clock, so that no window is closed too early.
            "time": {"timezone": script.shop.timezone, "notify_within": "1d"},
            "kafka": {"bootstrap_servers": servers, "group": run, "checkpoint_every": "10s"},
            "topics": {name: f"{run}.{getattr(Topics(), name)}" for name in Topics.__struct_fields__},
            "server": {"port": free_port()},
        },
    )
    settings = load(str(config))
    apply(settings)
    _say("Kafka", f"{servers}, topics {run}.*")
    return settings


def _learn(script: "Script", settings: "Settings") -> None:
    """Turn the history into the state the worker begins with."""
    import asyncio

    from streams.demo.history import learn_history
    from streams.recorded.learn import store

    started_s, span_ms = time.monotonic(), script.live_ms - script.start_ms
    days = span_ms / 86_400_000
    _say("history", f"{days:.0f} days of the shop are simulated and learned")
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=span_ms, label="        ", file=sys.stderr, hidden=hidden) as bar:
        events, states = learn_history(
            script, settings, lambda at_ms: bar.update(at_ms - script.start_ms - bar.pos)
        )
    asyncio.run(store(settings, states))
    took_s = time.monotonic() - started_s
    _say("history", f"{events:,} events in {took_s:.0f} s, {events / took_s:,.0f} a second")


def _watch(script: "Script", settings: "Settings", worker: "Worker") -> "Afternoon":
    """Let the afternoon pass, and tell what is told."""
    import asyncio

    from streams.demo.afternoon import Afternoon
    from streams.demo.page import Clock, incident

    clock = Clock(script)

    def tick(simulated_ms: int) -> None:
        if line := clock.line(simulated_ms):
            click.echo(line)

    def told(note: "Notification") -> None:
        click.echo(incident(note, script))

    afternoon = Afternoon(script, settings, worker, told)
    asyncio.run(afternoon.play(tick))
    return afternoon


def _summarise(script: "Script", settings: "Settings", afternoon: "Afternoon", *, keep: bool) -> int:
    from streams.demo.page import commands, rest, table
    from streams.demo.stage import fetch
    from streams.demo.verdict import judge, others
    from streams.failure import GATE_MISSED

    faults = script.truth.faults
    findings = judge(faults, afternoon.notes)
    _tell(["", *table(findings, script), "", *rest(others(faults, afternoon.notes), script), ""])
    _tell([f"{afternoon.sent:,} events in {script.live_s:.0f} s, through Kafka. Some of /metrics:"])
    page = fetch(settings, "/metrics").splitlines()
    starts = tuple(start.replace("%s", settings.topics.click) for start in SHOWN)
    _tell(f"  {line}" for line in page if line.startswith(starts))
    _tell(["", *commands(str(FOLDER / "fenghuo.yaml"), settings.server.port, keep=keep)])
    return 0 if all(finding.delay_s is not None for finding in findings) else GATE_MISSED


def _say(what: str, text: str) -> None:
    click.echo(f"{click.style(f'{what:<8}', bold=True)} {text}")


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
