"""`fenghuo dlq`: look at rejected records, and let a stopped partition go on."""

import json
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import click

from streams.cli.recorded import KINDS

if TYPE_CHECKING:
    from streams.settings import Settings

EXCERPT_BYTES = 300
config_option = click.option("--config", type=click.Path(dir_okay=False), help="fenghuo.yaml")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def command() -> None:
    """Look at rejected records (dead letters), and let a partition go on that was stopped by too many.

    \b
    Examples:
      fenghuo dlq list                              how many, by topic and reason
      fenghuo dlq show order -n 3 --reason wrong_type
      fenghuo dlq reset-fuse order                  the producer is mended: read on
    """


@command.command(name="list")
@config_option
@json_option
def list_(config: str | None, as_json: bool) -> None:
    """Count dead letters by topic and reason."""
    from streams.cli.log import read_all
    from streams.settings import load

    settings = load(config)
    names = [settings.topics.of_event(kind) for kind in KINDS]
    counts: Counter[tuple[str, str]] = Counter()
    for record in read_all(settings, [f"{name}.dlq" for name in names]):
        counts[record.topic.removesuffix(".dlq"), _told(record)["reason"]] += 1
    for (topic, reason), count in sorted(counts.items(), key=lambda item: (item[0][0], -item[1])):
        row = {"topic": topic, "reason": reason, "count": count}
        click.echo(json.dumps(row) if as_json else f"{count:>10,}  {topic:28} {reason}")
    click.echo(f"{counts.total():,} dead letters", err=True)


@command.command()
@click.argument("topic")
@click.option(
    "-n", "--count", type=click.IntRange(1, 10_000), default=10, show_default=True, help="The newest N."
)
@click.option("--reason", help="Only this reason.")
@config_option
@json_option
def show(topic: str, count: int, reason: str | None, config: str | None, as_json: bool) -> None:
    """Show the newest dead letters of TOPIC (its name or its kind) with reason and payload."""
    from streams.cli.log import read_all
    from streams.settings import load

    settings = load(config)
    newest: deque[dict[str, str]] = deque(maxlen=count)
    for record in read_all(settings, [f"{_topic(settings, topic)}.dlq"]):
        told = _told(record)
        if reason is None or told["reason"] == reason:
            newest.append({**told, "key": _excerpt(record.key), "value": _excerpt(record.value)})
    for letter in newest:
        click.echo(json.dumps(letter, ensure_ascii=False) if as_json else _text(letter))


@command.command(name="reset-fuse")
@click.argument("topic")
@config_option
def reset_fuse(topic: str, config: str | None) -> None:
    """Let the partitions of TOPIC (its name or its kind) go on from where they stopped."""
    from streams.cli.fuse import reset
    from streams.settings import load

    settings = load(config)
    name = _topic(settings, topic)
    for order in reset(settings, name):
        click.echo(f"{name}/{order.partition} goes on from offset {order.offset:,}", err=True)


def _topic(settings: "Settings", word: str) -> str:
    names = {kind: settings.topics.of_event(kind) for kind in KINDS}
    for kind, name in names.items():
        if word in (kind, name):
            return name
    raise click.UsageError(f"{word!r} is no input topic; there are {', '.join(names.values())}")


def _told(record: Any) -> dict[str, str]:
    """Return what the dead letter says about itself: reason, message, where it came from."""
    from streams.ingest.reject import HEADER

    told = {
        name.removeprefix(HEADER): _excerpt(text) for name, text in record.headers if name.startswith(HEADER)
    }
    return {"reason": "(not ours)", **told}


def _text(letter: dict[str, str]) -> str:
    where = f"{letter.get('topic')}/{letter.get('partition')} offset {letter.get('offset')}"
    return (
        f"{where}  {letter['reason']}: {letter.get('message', '')}\n"
        f"  key    {letter['key']}\n"
        f"  value  {letter['value']}"
    )


def _excerpt(data: bytes | None) -> str:
    """Return the bytes as text that is safe on a terminal, cut after EXCERPT_BYTES."""
    if data is None:
        return "(none)"
    text = data[:EXCERPT_BYTES].decode("utf-8", "backslashreplace")
    safe = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return safe if len(data) <= EXCERPT_BYTES else f"{safe}... ({len(data):,} bytes)"
