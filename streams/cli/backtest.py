"""`fenghuo backtest`: recorded events through the detectors, alerts into a file."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from streams.cli.recorded import TopicOfFile, progress

if TYPE_CHECKING:
    from streams.machine import Output
    from streams.recorded.backtest import Backtest
    from streams.settings import Settings
    from streams.settings.model import EventKind

GRADES = ("IV", "III", "II", "I")


@click.command()
@click.option("--config", type=click.Path(dir_okay=False), help="Settings; without: the shipped catalogue.")
@click.option(
    "--input", "inputs", multiple=True, required=True, help="Events, .jsonl or .jsonl.gz; repeatable."
)
@click.option(
    "--alerts", required=True, type=click.Path(dir_okay=False), help="Where the alerts go, JSON lines."
)
@click.option(
    "--notifications", type=click.Path(dir_okay=False), help="Where what people would be told goes."
)
@click.option(
    "--topic", "topics", multiple=True, type=TopicOfFile(), help="A file of one kind, whatever its lines say."
)
@click.option(
    "--order", type=click.Choice(["time", "file"]), default="time", help="Merge, or take as they lie."
)
@click.option("--timezone", help="The shop's time zone, over the configured one.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON on stdout.")
def command(
    config: str | None,
    inputs: tuple[str, ...],
    alerts: str,
    notifications: str | None,
    topics: "tuple[tuple[str, EventKind], ...]",
    order: Any,
    timezone: str | None,
    as_json: bool,
) -> None:
    """Run recorded events through the machines of `fenghuo worker`, without Kafka.

    Every alert transition becomes a line of ALERTS, as on the alert topic. Windows that the end of the files
    leaves open are closed if at most a tenth of them is missing.

    \b
    Examples:
      fenghuo backtest --input events.jsonl.gz --alerts alerts.jsonl
      fenghuo backtest --config fenghuo.yaml --input orders.jsonl --input clicks.jsonl --alerts alerts.jsonl
      fenghuo backtest --input dump.jsonl --topic order=dump.jsonl --order file --alerts alerts.jsonl
    """
    from streams.recorded.backtest import Backtest
    from streams.recorded.recording import read
    from streams.recorded.whole_file import whole_file
    from streams.settings import load

    settings = _in_zone(load(config), timezone)
    kinds = dict(topics)
    files = list(dict.fromkeys([*inputs, *kinds]))
    run = Backtest(settings)
    summary = Summary(run)
    events = read(files, kinds, order, settings.fields)
    with (
        whole_file(alerts) as told,
        whole_file(notifications or os.devnull) as sent,
        progress(events, files, "backtest") as shown,
    ):
        for output in run.run(shown):
            if output.topic == settings.topics.alert:
                summary.alert(output)
                told.write((output.value or b"") + b"\n")
            elif output.topic == settings.topics.notification:
                sent.write((output.value or b"") + b"\n")
    if as_json:
        import json

        click.echo(json.dumps(summary.as_dict()))
    click.echo("\n".join(summary.lines()), err=True)


class Summary:
    """What a backtest found, counted for people."""

    def __init__(self, run: "Backtest") -> None:
        self._run = run
        self._by_grade: Counter[int] = Counter()

    def alert(self, output: "Output") -> None:
        """Count an alert under the grade it opened with, or was raised to."""
        from sinks.alert_record import from_record

        alert = from_record(output.value or b"")
        if alert.transition in {"opened", "escalated"}:
            self._by_grade[alert.grade] += 1

    def as_dict(self) -> dict[str, Any]:
        """Return all figures."""
        detect = self._run.detects[0]
        days = self._days()
        outcomes: Counter[str] = Counter()
        for ingest in self._run.ingests.values():
            for sample in ingest.samples():
                if sample.name == "fenghuo_events_total":
                    outcomes[sample.labels[-1]] += int(sample.value)
        return {
            "events": sum(self._run.tally.records.values()),
            "by_topic": dict(self._run.tally.records),
            "outcomes": dict(outcomes),
            "days": round(days, 2),
            "windows": sum(detect.showcase.windows.values()),
            "series": sum(int((watch.rows >= 0).sum()) for watch in detect.parts.watches.values()),
            "alerts": {name: self._by_grade[i + 1] for i, name in enumerate(GRADES)},
        }

    def lines(self) -> Iterator[str]:
        """Yield the summary."""
        figures = self.as_dict()
        topics = ", ".join(f"{n:,} {kind}" for kind, n in figures["by_topic"].items())
        outcomes = ", ".join(f"{n:,} {name}" for name, n in figures["outcomes"].items() if n)
        yield f"events   {figures['events']:,} ({topics}) over {figures['days']:,} days: {outcomes}"
        yield f"windows  {figures['windows']:,} closed, {figures['series']:,} series"
        days = max(figures["days"], 1e-9)
        grades = ", ".join(f"{name} {n} ({n / days:.2f} a day)" for name, n in figures["alerts"].items())
        yield f"alerts   {grades}"

    def _days(self) -> float:
        tally = self._run.tally
        return 0.0 if tally.first_ms is None else (tally.last_ms - tally.first_ms) / 86_400_000


def _in_zone(settings: "Settings", timezone: str | None) -> "Settings":
    if timezone is None:
        return settings
    import zoneinfo

    import msgspec

    try:
        zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.BadParameter(f"{timezone}: no such time zone; try Europe/London or UTC") from error
    time = msgspec.structs.replace(settings.time, timezone=timezone)
    return msgspec.structs.replace(settings, time=time)
