"""`fenghuo ack`: somebody takes an incident over."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from detectors.alert import Alert
    from streams.settings import Settings

ID_CHARS_MIN = 6


@click.command()
@click.argument("incident")
@click.option("--by", required=True, help="Who takes it over.")
@click.option("--config", type=click.Path(dir_okay=False), help="fenghuo.yaml")
def command(incident: str, by: str, config: str | None) -> None:
    """Acknowledge INCIDENT: the id of an incident or of one of its alerts, or how it begins.

    Nobody else is told of it in your stead then, until it gets worse.

    \b
    Examples:
      fenghuo ack 89abcdef89ab --by "Li Lei"
    """
    from streams.settings import load

    settings = load(config)
    if len(incident) < ID_CHARS_MIN:
        raise click.UsageError(f"give at least {ID_CHARS_MIN} characters of the id")
    alert = _find(settings, incident)
    _acknowledge(settings, alert, " ".join(by.split()))
    click.echo(f"fenghuo: acknowledged: {alert.text or alert.alert_id}", err=True)


def _find(settings: "Settings", start: str) -> "Alert":
    """Return the newest record of an open alert of the incident. Raises Failure."""
    from streams.cli.alerts import read_alerts
    from streams.cli.log import read_all
    from streams.failure import Failure
    from streams.kafka.episode import fold

    topics = settings.topics
    members = _members(settings, start)
    open_ = {
        episode.alert.alert_id: episode.alert
        for episode in fold(read_alerts(read_all(settings, [topics.alert])))
        if episode.is_open
    }
    found = [open_[alert_id] for alert_id in members if alert_id in open_]
    if not found:
        found = [alert for alert_id, alert in open_.items() if alert_id.startswith(start)]
        if len(found) > 1:
            raise Failure(f"{len(found)} open alerts begin with {start}: give more of the id")
    if not found:
        raise Failure(
            f"no open incident or alert begins with {start}: `fenghuo alerts list` shows what is open"
        )
    return found[0]


def _members(settings: "Settings", start: str) -> list[str]:
    """Return the alerts of the incident as it was told last, the worst first."""
    from sinks.notification import NotificationRefused, from_record
    from streams.cli.log import read_all
    from streams.failure import Failure

    newest: dict[str, list[str]] = {}
    for record in read_all(settings, [settings.topics.notification]):
        try:
            told = from_record(record.value or b"")
        except NotificationRefused:
            continue
        if told.incident_id.startswith(start):
            newest[told.incident_id] = [member.alert_id for member in told.alerts]
    if len(newest) > 1:
        raise Failure(f"{len(newest)} incidents begin with {start}: give more of the id")
    return next(iter(newest.values()), [])


def _acknowledge(settings: "Settings", alert: "Alert", by: str) -> None:
    from dataclasses import replace

    from kafka import KafkaProducer

    from sinks.alert_record import to_record
    from streams.kafka.topics import CONNECT_MS, explained
    from streams.settings.connection import connection

    taken = replace(alert, transition="acknowledged", acknowledged_by=by)
    key, value, headers = to_record(taken, settings.shop)
    with explained(settings.kafka.bootstrap_servers):
        producer = KafkaProducer(**connection(settings.kafka), bootstrap_timeout_ms=CONNECT_MS)
        try:
            producer.send(settings.topics.alert, value, key, list(headers)).get(timeout=30)
        finally:
            producer.close()
