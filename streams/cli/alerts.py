"""`fenghuo alerts`: what is wrong now, and what becomes wrong while one looks."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.alert import Alert
    from streams.drift import Drifted

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
      fenghuo alerts drift                monitors whose scores have changed their level
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
    from streams.kafka.episode import HEADER, RECENT_MS, choose, fold, to_row
    from streams.settings import load

    settings = load(config)
    zone = ZoneInfo(settings.time.timezone)
    drifts: list[Drifted] = []
    episodes = fold(read_alerts(_noting(read_all(settings, [settings.topics.alert]), drifts)))
    chosen = choose(episodes, GRADES[grade], everything=everything)
    if chosen and not as_json:
        click.echo(HEADER)
    for episode in chosen:
        click.echo(episode.value if as_json else to_row(episode, zone))
    open_ = sum(episode.is_open for episode in chosen)
    click.echo(f"{open_} open, {len(chosen) - open_} resolved (times in {settings.time.timezone})", err=True)
    newest_ms = max((drifted.end for drifted in drifts), default=0)
    names = sorted({drifted.monitor for drifted in drifts if newest_ms - drifted.end <= RECENT_MS})
    if names:
        click.echo(f"scores have changed: {', '.join(names)} (fenghuo alerts drift)", err=True)


@command.command()
@config_option
@json_option
def drift(config: str | None, as_json: bool) -> None:
    """List where the scores of a monitor have changed their level, oldest first.

    Its detector fits less well than it did, or the shop has become calmer. Nothing has to be done about it:
    detectors adopt a new norm by themselves. Where it stays, look at the monitor's parameters.
    """
    from zoneinfo import ZoneInfo

    from streams.cli.log import read_all
    from streams.kafka.episode import drift_row
    from streams.settings import load

    settings = load(config)
    zone = ZoneInfo(settings.time.timezone)
    for drifted, value in read_drifts(read_all(settings, [settings.topics.alert])):
        click.echo(value if as_json else drift_row(drifted, zone))


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


def _noting(records: "Iterable[Any]", drifts: "list[Drifted]") -> "Iterator[Any]":
    """Pass records on, and put drifts among them into the list."""
    for record in records:
        drifts += [drifted for drifted, _ in read_drifts([record])]
        yield record


def read_drifts(records: "Iterable[Any]") -> "Iterator[tuple[Drifted, bytes]]":
    """Yield the drift records of a topic, each with its JSON."""
    from streams.drift import from_value, is_drift

    for record in records:
        if record.value is not None and is_drift(record.headers or ()):
            yield from_value(record.value), record.value
