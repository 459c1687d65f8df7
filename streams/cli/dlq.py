"""`fenghuo dlq`: look at rejected records, send them again, and let a stopped partition go on."""

import json
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from streams.cli.letter_text import shown, tell, text_of
from streams.settings.model import EVENT_KINDS

if TYPE_CHECKING:
    from streams.deadletter.choice import Choice
    from streams.settings import Settings
    from streams.settings.model import EventKind

Command = TypeVar("Command", bound=Callable[..., None])

config_option = click.option("--config", type=click.Path(dir_okay=False), help="fenghuo.yaml")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def choice_options(function: Command) -> Command:
    """Add the options that choose letters."""
    for option in (
        click.option("--until", metavar="TIME", help="Refused before this time."),
        click.option(
            "--since",
            metavar="TIME",
            help="Refused at this time (2026-11-24T08:30) or this long ago (2h) or later.",
        ),
        click.option(
            "--reason", "reasons", multiple=True, help="Only this reason; may be given several times."
        ),
    ):
        function = option(function)
    return function


@click.group()
def command() -> None:
    """Look at rejected records (dead letters), send them again, let a stopped partition go on.

    \b
    Examples:
      fenghuo dlq list --since 1d                   how many, by topic and reason
      fenghuo dlq show order -n 3 --reason wrong_type
      fenghuo dlq redrive order --dry-run           what would become of them now?
      fenghuo dlq redrive order --reason unknown_currency
      fenghuo dlq reset-fuse order                  the producer is mended: read on
    """


@command.command(name="list")
@choice_options
@config_option
@json_option
def list_(
    reasons: tuple[str, ...], since: str | None, until: str | None, config: str | None, as_json: bool
) -> None:
    """Count dead letters by topic and reason; how many of them were sent again."""
    from streams.cli.redrive import letters
    from streams.settings import load

    settings = load(config)
    choice = _choice(settings, reasons, since, until)
    names = [settings.topics.of_event(kind) for kind in EVENT_KINDS]
    found, again = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    reason_of: dict[Any, str] = {}
    marks: set[Any] = set()
    for topic, letter in letters(settings, names, lambda *place: marks.add(place)):
        if choice.takes(letter):
            found[topic, letter.reason] += 1
            reason_of[topic, letter.place] = letter.reason
    for place in marks & reason_of.keys():
        again[place[0], reason_of[place]] += 1
    for (topic, reason), count in sorted(found.items(), key=lambda item: (item[0][0], -item[1])):
        row = {"topic": topic, "reason": reason, "count": count, "redriven": again[topic, reason]}
        sent = f"  ({again[topic, reason]:,} sent again)" if again[topic, reason] else ""
        click.echo(json.dumps(row) if as_json else f"{count:>10,}  {topic:28} {reason}{sent}")
    click.echo(f"{found.total():,} dead letters, {again.total():,} sent again", err=True)


@command.command()
@click.argument("topic")
@click.option(
    "-n", "--count", type=click.IntRange(1, 10_000), default=10, show_default=True, help="The newest N."
)
@choice_options
@config_option
@json_option
def show(
    topic: str,
    count: int,
    reasons: tuple[str, ...],
    since: str | None,
    until: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Show the newest dead letters of TOPIC (its name or its kind) with reason and payload."""
    from streams.cli.redrive import letters
    from streams.settings import load

    settings = load(config)
    choice = _choice(settings, reasons, since, until)
    name = settings.topics.of_event(_kind(settings, topic))
    newest: deque[dict[str, str]] = deque(maxlen=count)
    for _, letter in letters(settings, [name], lambda *_: None):
        if choice.takes(letter):
            newest.append(shown(letter))
    for row in newest:
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else text_of(row))


@command.command()
@click.argument("topic")
@choice_options
@click.option("--too-late", is_flag=True, help="Also those that can no longer be counted in any window.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of each.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@json_option
def redrive(
    topic: str,
    reasons: tuple[str, ...],
    since: str | None,
    until: str | None,
    too_late: bool,
    dry_run: bool,
    yes: bool,
    config: str | None,
    as_json: bool,
) -> None:
    """Send dead letters of TOPIC (its name or its kind) to it again, each once, however often this is run.

    Says beforehand what will become of them: those that would be refused again stay, and so do those whose
    windows can no longer be restated. A record is sent again three times at most.
    """
    from streams.cli.redrive import consider, sender
    from streams.cli.redrive import redrive as send
    from streams.settings import load

    settings = load(config)
    kind = _kind(settings, topic)
    choice = _choice(settings, reasons, since, until)
    if dry_run:
        tell(consider(settings, kind, choice, _now_ms()), as_json=as_json)
        return
    fates = {"counted", "partly", *(["too_late"] if too_late else [])}
    with sender(settings, settings.topics.of_event(kind)) as producer:
        considered = consider(settings, kind, choice, _now_ms())
        tell(considered, as_json=as_json)
        chosen = {one.letter.place for one in considered if one.prospect.fate in fates}
        if chosen and not yes:
            click.confirm(
                f"Send {len(chosen):,} records to {settings.topics.of_event(kind)} again?",
                abort=True,
                err=True,
            )
        sent: list[int] = []
        send(settings, kind, chosen, producer, sent.append)
        click.echo(f"{sum(sent):,} sent again", err=True)


@command.command(name="reset-fuse")
@click.argument("topic")
@config_option
def reset_fuse(topic: str, config: str | None) -> None:
    """Let the partitions of TOPIC (its name or its kind) go on from where they stopped."""
    from streams.cli.fuse import reset
    from streams.settings import load

    settings = load(config)
    name = settings.topics.of_event(_kind(settings, topic))
    for order in reset(settings, name):
        click.echo(f"{name}/{order.partition} goes on from offset {order.offset:,}", err=True)


def _kind(settings: "Settings", word: str) -> "EventKind":
    names = {kind: settings.topics.of_event(kind) for kind in EVENT_KINDS}
    for kind, name in names.items():
        if word in (kind, name):
            return kind
    raise click.UsageError(f"{word!r} is no input topic; there are {', '.join(names.values())}")


def _choice(settings: "Settings", reasons: tuple[str, ...], since: str | None, until: str | None) -> "Choice":
    from streams.deadletter.choice import Choice, moment_ms

    def moment(name: str, text: str | None) -> int | None:
        try:
            return None if text is None else moment_ms(text, _now_ms(), settings.time.timezone)
        except ValueError as error:
            raise click.UsageError(f"{name}: {error}") from error

    return Choice(frozenset(reasons), moment("--since", since), moment("--until", until))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
