"""`fenghuo learn`: history into the state with which workers begin."""

from typing import TYPE_CHECKING

import click

from streams.cli.recorded import TopicOfFile, progress

if TYPE_CHECKING:
    from streams.settings.model import EventKind


@click.command()
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False))
@click.option("--config", type=click.Path(dir_okay=False), help="Settings; without: the shipped catalogue.")
@click.option(
    "--topic", "topics", multiple=True, type=TopicOfFile(), help="A file of one kind, whatever its lines say."
)
def command(files: tuple[str, ...], config: str | None, topics: "tuple[tuple[str, EventKind], ...]") -> None:
    """Learn from recorded events before the first worker starts.

    The detectors' state goes to the checkpoint topic of `kafka.group`, which must not have worked yet. What a
    topic still holds needs no learning: a new worker reads it from the start and learns on the way.

    \b
    Examples:
      fenghuo learn last-month.jsonl.gz
      fenghuo learn --config fenghuo.yaml orders.jsonl clicks.jsonl
    """
    import asyncio

    from streams.recorded.learn import learn, store
    from streams.recorded.recording import read
    from streams.settings import load

    settings = load(config)
    if not files and not topics:
        raise click.UsageError("no FILE to learn from")
    kinds = dict(topics)
    every = list(dict.fromkeys([*files, *kinds]))
    with progress(read(every, kinds, "time", settings.fields), every, "learning") as events:
        run, states = learn(settings, events)
    asyncio.run(store(settings, states))
    series = sum(int((w.rows >= 0).sum()) for d in run.detects for w in d.parts.watches.values())
    size = sum(len(block) for blocks in states for block in blocks)
    click.echo(
        f"learned from {sum(run.tally.records.values()):,} events: {series:,} series,"
        f" {size / 1e6:.1f} MB of state for group {settings.kafka.group}",
        err=True,
    )
