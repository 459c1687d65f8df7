"""`fenghuo replay`: recorded events to Kafka, at the speed they happened or another."""

import asyncio
from typing import TYPE_CHECKING

import click

from streams.cli.recorded import TopicOfFile, progress

if TYPE_CHECKING:
    from streams.settings import Settings
    from streams.settings.model import EventKind


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
    from streams.recorded.recording import read
    from streams.recorded.replay import Tally, replay
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
            asyncio.run(replay(shown, settings, _missing(settings), speed, tally))
    finally:  # also after Ctrl-C
        for line in tally.lines():
            click.echo(line, err=True)
    return FAILED if tally.refused else 0


def _missing(settings: "Settings") -> set[str]:
    from streams.kafka.topics import diff

    return {drift.topic for drift in diff(settings) if drift.what == "missing"}
