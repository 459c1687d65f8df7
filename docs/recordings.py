"""The shipped catalogue over real recordings: writes docs/recordings.md.

Run `make recordings`, or `python -m docs.recordings ../shared/data`.
"""

import csv
import datetime as dt
import gzip
import sys
import time
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from detectors.alert import GRADE_NAMES
from sinks.alert_record import from_record as read_alert
from sinks.notification import Notification
from sinks.notification import from_record as read_notification
from streams.machine import Record
from streams.recorded.backtest import Backtest
from streams.recorded.recording import read
from streams.settings import Settings, load
from streams.settings.model import EventKind

DAY_MS = 86_400_000
LEARNING_MS = 14 * DAY_MS
PAGE = Path(__file__).with_suffix(".md")
GRADES = (1, 2, 3, 4)


@dataclass
class Story:
    """What one recording made people hear."""

    name: str
    events: int = 0
    first_ms: int = 0
    last_ms: int = 0
    took_s: float = 0.0
    alerts: Counter[tuple[int, bool]] = field(default_factory=Counter)  # (grade, while learning)
    incidents: dict[str, Notification] = field(default_factory=dict)
    starts: list[tuple[str, int]] = field(default_factory=list)  # (series, window end) of alerts that opened

    def days(self, *, learning: bool) -> float:
        """Return the length of a part of the recording."""
        whole = (self.last_ms - self.first_ms) / DAY_MS
        first = min(whole, LEARNING_MS / DAY_MS)
        return first if learning else whole - first

    def is_learning(self, time_ms: int) -> bool:
        """Whether a moment lies in the first two weeks."""
        return time_ms < self.first_ms + LEARNING_MS


def tell(name: str, settings: Settings, records: Iterable[tuple[EventKind, Record]]) -> Story:
    """Run a recording and keep what it raised."""
    story, run, started = Story(name), Backtest(settings), time.perf_counter()
    for output in run.run(records):
        story.first_ms = run.tally.first_ms or 0
        if output.topic == settings.topics.alert:
            alert = read_alert(output.value or b"")
            if alert.transition in {"opened", "escalated"}:
                story.alerts[alert.grade, story.is_learning(alert.window_end_ms)] += 1
            if alert.transition == "opened":
                story.starts.append((alert.entity, alert.window_end_ms))
        elif output.topic == settings.topics.notification:
            note = read_notification(output.value or b"")
            worst = story.incidents.get(note.incident_id)
            if worst is None or note.grade > worst.grade:
                story.incidents[note.incident_id] = note
    story.events = sum(run.tally.records.values())
    story.first_ms, story.last_ms = run.tally.first_ms or 0, run.tally.last_ms
    story.took_s = time.perf_counter() - started
    return story


# -- the KPI series, as numbers from outside


def kpi_events(folder: Path) -> Iterator[tuple[EventKind, Record]]:
    """Yield the points of all series in order of time, as samples of `shop.metric.v1`."""
    points = sorted(point for path in sorted(folder.glob("kpi-*.csv.gz")) for point in _points(path))
    for offset, (at_ms, name, value) in enumerate(points):
        event = {"event_id": f"{name}-{at_ms}", "event_time": at_ms, "type": "sample", "name": name}
        yield "metric", Record(offset, at_ms, None, msgspec.json.encode({**event, "value": value}))


def labelled_segments(path: Path) -> list[tuple[int, int]]:
    """Return the labelled stretches of a series as (first, last) epoch ms."""
    segments: list[tuple[int, int]] = []
    for row in _rows(path):
        at_ms = int(float(row["timestamp"])) * 1000
        if float(row["label"] or 0) == 0:
            continue
        if segments and at_ms - segments[-1][1] <= 60_000:
            segments[-1] = (segments[-1][0], at_ms)
        else:
            segments.append((at_ms, at_ms))
    return segments


def _points(path: Path) -> Iterator[tuple[int, str, float]]:
    name = path.name.removesuffix(".csv.gz")
    for row in _rows(path):
        if row["value"]:
            yield int(float(row["timestamp"])) * 1000, name, float(row["value"])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") as file:
        yield from csv.DictReader(file)


# -- the page


def page(retailer: Story, clicks: Story, kpis: Story, folder: Path) -> Iterator[str]:
    """Yield the lines of docs/recordings.md."""
    yield "# The shipped catalogue over real recordings\n"
    yield "Written by `make recordings`. Alerts count when they open and when they get worse.\n"
    yield "| recording | days | events | IV a day | III a day | II a day | I a day | incidents II+ a week |"
    yield "|---|---|---|---|---|---|---|---|"
    for story in (retailer, clicks, kpis):
        yield from (
            _row(story, learning=learning) for learning in (True, False) if story.days(learning=learning)
        )
    yield "\n## Retailer: every incident at grade II or above\n"
    yield "| when (shop time) | worst grade | what | what people read |"
    yield "|---|---|---|---|"
    yield from _incident_rows(retailer, "Europe/London")
    yield "\n## Labelled KPIs (12 series, values every minute, windows of a minute)\n"
    yield "| series | labelled segments | found | alerts a day | of them outside of segments |"
    yield "|---|---|---|---|---|"
    yield from _kpi_rows(kpis, folder)


def _row(story: Story, *, learning: bool) -> str:
    days = story.days(learning=learning)
    rates = " | ".join(f"{story.alerts[grade, learning] / days:.2f}" for grade in GRADES)
    serious = [
        n for n in story.incidents.values() if n.grade >= 3 and story.is_learning(n.window.end) == learning
    ]
    part = "first two weeks" if learning else "after them"
    weekly = len(serious) / days * 7
    return f"| {story.name}, {part} | {days:.1f} | {story.events:,} | {rates} | {weekly:.1f} |"


def _incident_rows(story: Story, zone: str) -> Iterator[str]:
    for note in sorted(story.incidents.values(), key=lambda n: n.since):
        if note.grade >= 3:
            at = dt.datetime.fromtimestamp(note.since / 1000, zoneinfo.ZoneInfo(zone))
            learning = " (learning)" if story.is_learning(note.window.end) else ""
            when, grade = f"{at:%a %Y-%m-%d %H:%M}{learning}", GRADE_NAMES[note.grade]
            yield f"| {when} | {grade} | {note.kind} | {note.text} |"


def _kpi_rows(story: Story, folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("kpi-*.csv.gz")):
        name = path.name.removesuffix(".csv.gz")
        segments = labelled_segments(path)
        days = sum(1 for _ in _rows(path)) / (24 * 60)
        starts = [end for entity, end in story.starts if entity == f"name={name}"]
        slack = 5 * 60_000  # of tolerance, as in the labelled gates
        hit = sum(any(first <= end <= last + 2 * slack for end in starts) for first, last in segments)
        inside = sum(any(first <= end <= last + 2 * slack for first, last in segments) for end in starts)
        rate, outside = len(starts) / days, (len(starts) - inside) / days
        yield f"| {name} | {len(segments)} | {hit} | {rate:.2f} | {outside:.2f} |"


def main(recordings: Path) -> None:
    """Run all recordings and write the page."""
    settings = load()
    shop = msgspec.structs.replace(settings.time, timezone="Europe/London")
    london = msgspec.structs.replace(settings, time=shop)
    retail = [str(recordings / "online-retail" / f"{name}.jsonl.gz") for name in ("orders", "inventory")]
    stories = (
        tell("online retailer", london, read(retail)),
        tell("click stream", settings, read([str(recordings / "clicks" / "clicks.jsonl.gz")])),
        tell("12 web KPIs", settings, kpi_events(recordings / "kpi")),
    )
    PAGE.write_text("\n".join(page(*stories, recordings / "kpi")) + "\n")
    for story in stories:
        print(f"{story.name}: {story.events:,} events in {story.took_s:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
