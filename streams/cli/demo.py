"""`fenghuo demo`: a simulated shop on a real Kafka, three faults, and what is told of them."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from streams.demo.afternoon import Afternoon
    from streams.demo.script import Script
    from streams.machine import Record
    from streams.settings import Settings
    from streams.settings.model import EventKind

FOLDER = "fenghuo-data/demo"
JARS = "fenghuo-data/kafka"
TICK_EVERY = 20
SHOWN = (  # of /metrics
    'fenghuo_events_total{outcome="aggregated",partition="0",topic="{click}"}',
    'fenghuo_value{entity="",metric="orders",monitor="order_outage"}',
    'fenghuo_expected{entity="",metric="orders",monitor="order_outage"}',
)


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another shop.")
@click.option("--keep", is_flag=True, help="Leave Kafka and the worker running at the end, until Ctrl-C.")
@click.option("--folder", type=click.Path(file_okay=False), default=FOLDER, show_default=True, hidden=True)
@click.option("--jars", type=click.Path(file_okay=False), default=JARS, show_default=True, hidden=True)
def command(seed: int, keep: bool, folder: str, jars: str) -> int:
    """Watch fenghuo find what goes wrong in a simulated shop, in two minutes.

    Starts a local Kafka (unless FENGHUO_KAFKA__BOOTSTRAP_SERVERS names one), learns a week of history, then
    lets an afternoon pass in a minute, in which three things go wrong. Exit code 4 if one was not found.

    \b
    Examples:
      fenghuo demo
      fenghuo demo --seed 7 --keep
    """
    from contextlib import ExitStack
    from pathlib import Path

    from streams.demo.stage import local_kafka
    from streams.settings.environment import kafka_named

    place = Path(folder)
    with ExitStack() as stack:
        servers = kafka_named()
        if servers is None:
            _say("Kafka", "starting a local broker ...")
            servers = stack.enter_context(local_kafka(place / "kafka", Path(jars)))
        _say("Kafka", f"{servers}")
        return _play(seed, servers, place, keep=keep)


def _play(seed: int, servers: str, place: "Path", *, keep: bool) -> int:
    import asyncio
    import time

    from streams.demo.afternoon import Afternoon
    from streams.demo.script import write_script
    from streams.demo.stage import Worker
    from streams.notify.notify import incident_line

    script = write_script(seed, int(time.time() * 1000))
    config = place / "fenghuo.yaml"
    settings = _configure(script, servers, config)
    _learn(script, settings)
    with Worker(config, place / "worker.log") as worker:
        worker.wait_until_ready(settings)
        _say("worker", f"watching; log in {place / 'worker.log'}")
        for fault in script.truth.faults:
            _say("to come", f"{_clock(fault.start_ms, script)}  {fault.kind}: {fault.story}")
        click.echo()
        zone = script.shop.timezone
        afternoon = Afternoon(script, settings, worker, lambda note: click.echo(incident_line(note, zone)))
        asyncio.run(afternoon.play(_clock_line(script)))
        code = _summarise(script, settings, afternoon, config)
        if keep:
            click.echo("\nKafka and the worker go on; Ctrl-C ends them.", err=True)
            while True:
                time.sleep(1)
                worker.check()
    return code


def _configure(script: "Script", servers: str, config: "Path") -> "Settings":
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
            # The events are hours old when the afternoon passes at many times its speed: told all the same.
            "time": {"timezone": script.shop.timezone, "notify_within": "1d"},
            "kafka": {
                "bootstrap_servers": servers,
                "group": run,
                "checkpoint_every": "10s",
                "input_partitions": 2,  # one small shop on one machine
                "partial_partitions": 2,
            },
            "topics": {name: f"{run}.{getattr(Topics(), name)}" for name in Topics.__struct_fields__},
            "server": {"port": free_port()},
        },
    )
    settings = load(str(config))
    apply(settings)
    return settings


def _learn(script: "Script", settings: "Settings") -> None:
    """Turn the week of history into the state the worker begins with."""
    import asyncio
    import time

    from streams.machine import Record
    from streams.recorded.learn import learn, store
    from streams.simulate.stream import simulate

    def history() -> "Iterator[tuple[EventKind, Record]]":
        records = simulate(script.shop, script.seed, script.start_ms, script.live_ms, script.faults)
        for offset, one in enumerate(records):
            yield one.kind, Record(offset, one.arrival_ms, one.key, one.value)

    _say("history", "a week of the simulated shop is learned ...")
    started_s = time.monotonic()
    run, states = learn(settings, history())
    asyncio.run(store(settings, states))
    events, took_s = sum(run.tally.records.values()), time.monotonic() - started_s
    _say(
        "history",
        f"{events:,} events in {took_s:.0f} s ({events / took_s:,.0f} events/s with simulating them)",
    )


def _summarise(script: "Script", settings: "Settings", afternoon: "Afternoon", config: "Path") -> int:
    from streams.demo.stage import metrics
    from streams.demo.verdict import judge, unexplained
    from streams.failure import GATE_MISSED

    faults = script.truth.faults
    findings = judge(faults, afternoon.notes)
    click.echo("\n  injected            from-to       found by             worst  told after")
    for fault, grade, monitor, delay_s in findings:
        span = f"{_clock(fault.start_ms, script)}-{_clock(fault.end_ms, script)}"
        told = "NOT FOUND" if delay_s is None else f"{monitor:<20} {_grade(grade):<6} {delay_s / 60:.0f} min"
        click.echo(f"  {fault.kind:<19} {span:<13} {told}")
    strays = unexplained(faults, afternoon.notes)
    click.echo(f"\n  incidents that no fault explains: {len(strays)}")
    for note in strays:
        click.echo(f"    {_grade(note.grade)} {note.kind}: {note.text}")
    click.echo(f"  {afternoon.sent:,} events in the afternoon; some of what /metrics says:")
    for line in _chosen(metrics(settings), settings):
        click.echo(f"    {line}")
    click.echo(
        f"\nGo on with (`fenghuo demo --keep` leaves Kafka and the worker running):\n"
        f"  fenghuo alerts list --config {config}\n"
        f"  fenghuo check {config}\n"
        f"  fenghuo simulate --days 8 --rate 2 --faults random:3 --output shop.jsonl.gz --truth truth.json\n"
        f"  fenghuo backtest --input shop.jsonl.gz --alerts alerts.jsonl"
    )
    return 0 if all(finding.delay_s is not None for finding in findings) else GATE_MISSED


def _chosen(text: str, settings: "Settings") -> "Iterator[str]":
    for wanted in SHOWN:
        start = wanted.replace("{click}", settings.topics.click)
        yield from (line for line in text.splitlines() if line.startswith(start))


def _clock_line(script: "Script") -> "Callable[[int], None]":
    """Return a ticker that tells the shop's time now and then."""
    ticks = 0

    def tick(simulated_ms: int) -> None:
        nonlocal ticks
        if ticks % TICK_EVERY == 0:
            click.secho(f"       it is {_clock(simulated_ms, script)} in the shop", dim=True)
        ticks += 1

    return tick


def _clock(time_ms: int, script: "Script") -> str:
    from sinks.sentence import clock

    return clock(time_ms, script.shop.timezone)


def _grade(grade: int) -> str:
    from detectors.alert import GRADE_NAMES

    return GRADE_NAMES[grade]


def _say(what: str, text: str) -> None:
    click.echo(f"{click.style(f'{what:<8}', bold=True)} {text}")
