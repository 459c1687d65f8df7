"""`fenghuo alerts`: what is wrong now, and what becomes wrong while one looks."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.alert import Alert

GRADES = {"IV": 1, "III": 2, "II": 3, "I": 4}

config_option = click.option("--config", type=click.Path(dir_okay=False), help="fenghuo.yaml")
json_option = click.option("--json", "as_json", is_flag=True, help="The records' JSON, one a line.")
grade_option = click.option(
    "--grade",
    type=click.Choice(list(GRADES), case_sensitive=False),
    default="IV",
    show_default=True,
    help="This grade or worse (I is the worst).",
)


@click.group()
def command() -> None:
    """List alerts, or follow them as they come. Only what was committed is read: nothing appears twice.

    \b
    Examples:
      fenghuo alerts list                 open alerts, and those of the last day
      fenghuo alerts list --grade II --all
      fenghuo alerts tail --json | jq -r .text
    """


@command.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Also what was resolved more than a day ago.")
@grade_option
@config_option
@json_option
def list_(grade: str, config: str | None, everything: bool, as_json: bool) -> None:
    """List the open and the recent alerts, each with its newest state."""
    from zoneinfo import ZoneInfo

    from streams.cli.log import read_all
    from streams.kafka.episode import HEADER, choose, fold, to_row
    from streams.settings import load

    settings = load(config)
    zone = ZoneInfo(settings.time.timezone)
    episodes = fold(read_alerts(read_all(settings, [settings.topics.alert])))
    chosen = choose(episodes, GRADES[grade], everything=everything)
    if chosen and not as_json:
        click.echo(HEADER)
    for episode in chosen:
        click.echo(episode.value if as_json else to_row(episode, zone))
    open_ = sum(episode.is_open for episode in chosen)
    click.echo(f"{open_} open, {len(chosen) - open_} resolved (times in {settings.time.timezone})", err=True)


@command.command()
@grade_option
@config_option
@json_option
def tail(grade: str, config: str | None, as_json: bool) -> None:
    """Follow the alerts: one line a transition from now on, until Ctrl-C."""
    from zoneinfo import ZoneInfo

    from streams.cli.log import follow
    from streams.kafka.episode import HEADER, Episode, to_row
    from streams.settings import load

    settings = load(config)
    zone = ZoneInfo(settings.time.timezone)
    worst: dict[str, int] = {}  # of alerts that have not been resolved
    records = follow(settings, settings.topics.alert)
    next(records)
    click.echo(f"following {settings.topics.alert} (times in {settings.time.timezone})", err=True)
    if not as_json:
        click.echo(HEADER)
    for alert, value in read_alerts(records):
        worst[alert.alert_id] = max(alert.grade, worst.get(alert.alert_id, 0))
        episode = Episode(alert, value, worst[alert.alert_id])
        if not episode.is_open:
            del worst[alert.alert_id]
        if episode.worst >= GRADES[grade]:
            click.echo(value if as_json else to_row(episode, zone))


def read_alerts(records: "Iterable[Any]") -> "Iterator[tuple[Alert, bytes]]":
    """Yield the alerts of a topic's records, each with its JSON; what is none is said and left out."""
    from sinks.alert_record import AlertRefused, from_record, is_alert

    for record in records:
        if record.value is None or not is_alert(record.headers or ()):
            continue
        try:
            yield from_record(record.value), record.value
        except AlertRefused as error:
            click.echo(f"record {record.partition}@{record.offset} left out: {error}", err=True)
