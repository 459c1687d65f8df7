"""`fenghuo replay`: recorded events to Kafka, at the speed they happened or another."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from streams.cli.recorded import KINDS, Events, TopicOfFile, progress

if TYPE_CHECKING:
    from kafka import KafkaProducer

    from streams.machine import Record
    from streams.settings import Settings
    from streams.settings.model import EventKind

LINGER_MS = 20
BATCH_BYTES = 65_536
REFUSALS_SHOWN = 3


class Speed(click.ParamType):
    """`max`, or how many times as fast as it happened."""

    name = "N|max"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the factor; infinity for `max`."""
        try:
            factor = float("inf") if value == "max" else float(value)
        except ValueError:
            factor = 0.0
        if not factor > 0:
            self.fail(f"{value!r} is neither `max` nor a number above 0", param, ctx)
        return factor


@dataclass
class Tally:
    """What became of the events."""

    sent: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    refusals: list[str] = field(default_factory=list)

    def refuse(self, event: str, error: Exception) -> None:
        """Count an event that Kafka did not take."""
        self.refused += 1
        if self.refused <= REFUSALS_SHOWN:
            self.refusals.append(f"{event}: {error}")

    def lines(self) -> Iterator[str]:
        """Yield the summary."""
        for topic, count in sorted(self.sent.items()):
            yield f"{count:>12,} {topic}"
        yield f"{self.sent.total():>12,} events sent"
        if self.refused:
            yield f"{self.refused:>12,} not taken by Kafka:"
            yield from (f"  {text}" for text in self.refusals)


@click.command()
@click.argument("files", nargs=-1, type=click.Path())
@click.option(
    "--topic", "topics", multiple=True, type=TopicOfFile(), help="A file of one kind, whatever its lines say."
)
@click.option(
    "--speed", type=Speed(), default="1", show_default=True, help="Times as fast as it happened, or `max`."
)
@click.option(
    "--order",
    type=click.Choice(["time", "file"]),
    default="time",
    show_default=True,
    help="Merge the files by event time, or take them as they lie.",
)
@click.option("--config", type=click.Path(dir_okay=False), help="fenghuo.yaml")
def command(
    files: tuple[str, ...],
    topics: "tuple[tuple[str, EventKind], ...]",
    speed: float,
    order: str,
    config: str | None,
) -> int:
    """Send recorded events to the input topics; broken lines too: they become dead letters.

    FILES are .jsonl or .jsonl.gz, one event a line; a line's `type` tells its topic.

    \b
    Examples:
      fenghuo replay day.jsonl.gz --speed max
      fenghuo replay orders.jsonl clicks.jsonl --speed 60
      fenghuo replay --topic metric=numbers.jsonl
    """
    from streams.failure import FAILED
    from streams.recording import read
    from streams.settings import load

    kinds = dict(topics)
    every = list(dict.fromkeys([*files, *kinds]))
    if not every:
        raise click.UsageError("no FILE to replay")
    settings = load(config)
    events = read(every, kinds, "file" if order == "file" else "time", settings.fields)
    tally = Tally()
    try:
        with progress(events, every, "sending") as shown:
            _send(paced(shown, speed, time.monotonic, time.sleep), settings, tally)
    finally:  # also after Ctrl-C
        for line in tally.lines():
            click.echo(line, err=True)
    return FAILED if tally.refused else 0


def paced(
    events: Events, speed: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> "Iterator[tuple[EventKind, Record]]":
    """Yield the events when due: as far apart as they arrived, divided by `speed`. Clock and sleep in s."""
    start_s = clock()
    first_ms: int | None = None
    for kind, record in events:
        first_ms = record.timestamp if first_ms is None else first_ms
        wait_s = start_s + (record.timestamp - first_ms) / 1000 / speed - clock()
        if wait_s > 0:
            sleep(wait_s)
        yield kind, record


def _send(events: Events, settings: "Settings", tally: Tally) -> None:
    from kafka import KafkaProducer

    from streams.event_key import key_reader
    from streams.topics import CONNECT_MS, explained

    readers = {kind: key_reader(kind, settings.fields.get(kind, {})) for kind in KINDS}
    missing = _missing(settings)
    servers = settings.kafka.bootstrap_servers
    with explained(servers):
        producer = KafkaProducer(
            bootstrap_servers=servers,
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            bootstrap_timeout_ms=CONNECT_MS,
        )
        try:
            for kind, record in events:
                topic = _present(settings.topics.of_event(kind), missing)
                _send_one(producer, topic, record, readers[kind], tally)
        finally:
            producer.flush()
            producer.close()


def _send_one(
    producer: "KafkaProducer",
    topic: str,
    record: "Record",
    key_of: Callable[[bytes], bytes | None],
    tally: Tally,
) -> None:
    from kafka.errors import KafkaError

    def refuse(error: Exception) -> None:
        tally.sent[topic] -= 1
        tally.refuse(f"event {record.offset:,} for {topic}", error)

    tally.sent[topic] += 1
    value = record.value or b""
    try:
        handed = producer.send(topic, value, key_of(value), headers=list(record.headers))
    except KafkaError as error:  # this one only: larger than Kafka takes
        refuse(error)
    else:
        handed.add_errback(refuse)


def _missing(settings: "Settings") -> set[str]:
    from streams.topics import diff

    return {drift.topic for drift in diff(settings) if drift.what == "missing"}


def _present(topic: str, missing: set[str]) -> str:
    from streams.failure import Failure

    if topic in missing:
        raise Failure(f"there is no topic {topic}: `fenghuo topics apply` makes it")
    return topic
