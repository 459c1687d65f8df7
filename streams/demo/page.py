"""The page: what the demo shows, as lines of a terminal at most WIDTH wide."""

import textwrap
from collections.abc import Iterator, Sequence

import click

from detectors.alert import GRADE_NAMES
from sinks.notification import Notification
from sinks.sentence import clock
from streams.demo.script import HALF_HOUR_MS, Script
from streams.demo.verdict import Finding, Others
from streams.notify.notify import incident_line

WIDTH = 100
HANGING = " " * 6
MARK_LENGTH = 5  # of the coloured beginning of an incident's line

TEXT_MAX = 78


def stamp(time_ms: int, script: Script) -> str:
    """Return `14:05`, by the shop's clock."""
    return clock(time_ms, script.shop.timezone)


def programme(script: Script) -> Iterator[str]:
    """Yield what is going to happen."""
    hours = (script.end_ms - script.live_ms) / 3_600_000
    begin = f"{stamp(script.live_ms, script)} by the shop's clock ({script.shop.timezone})"
    yield f"Now {hours:g} hours pass at {script.speed:.0f} times their speed, from {begin}."
    yield f"{len(script.faults)} things go wrong in them; the worker is not told:"
    for fault in script.truth.faults:
        yield f"  {_span(script, fault.start_ms, fault.end_ms)}  {fault.kind:<17} {fault.story}"


def incident(note: Notification, script: Script) -> str:
    """Return the line of a notification, folded."""
    line = incident_line(note, script.shop.timezone)
    plain = click.unstyle(line)
    folded = textwrap.fill(plain, WIDTH, subsequent_indent=HANGING)
    return line[: len(line) - len(plain) + MARK_LENGTH] + folded[MARK_LENGTH:]


class Clock:
    """Tells the shop's time every half hour."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._told = script.live_ms // HALF_HOUR_MS

    def line(self, simulated_ms: int) -> str | None:
        """Return a line if a half hour has begun since the last one."""
        half_hour = simulated_ms // HALF_HOUR_MS
        if half_hour <= self._told:
            return None
        self._told = half_hour
        return click.style(f"  {stamp(half_hour * HALF_HOUR_MS, self._script)}", dim=True)


def table(findings: Sequence[Finding], script: Script) -> Iterator[str]:
    """Yield the comparison with the truth, one line a fault."""
    yield click.style(f"{'injected':<18} {'from - to':<13} {'found by':<18} {'worst':<6} delay", bold=True)
    for fault, grade, monitor, delay_s in findings:
        span = f"{fault.kind:<18} {_span(script, fault.start_ms, fault.end_ms):<13} "
        if delay_s is None:
            yield span + click.style("not found", fg="red", bold=True)
        else:
            yield f"{span}{monitor:<18} {GRADE_NAMES[grade]:<6} {delay_s / 60:.0f} min"


def rest(found: Others, script: Script) -> Iterator[str]:
    """Yield what else was told."""
    for notes, what in (
        (found.beside, "during a fault or within an hour after it: consequences, mostly"),
        (found.false, "at other times: false alarms"),
    ):
        yield f"{len(notes)} further incident{'' if len(notes) == 1 else 's'} {what}"
        for note in notes:
            text = textwrap.shorten(note.text, TEXT_MAX, placeholder=" ...")
            yield f"  {stamp(note.since, script)}  {GRADE_NAMES[note.grade]:<4} {text}"


def commands(config: str, port: int, *, keep: bool) -> Iterator[str]:
    """Yield what to do next."""
    live = (
        f"fenghuo alerts list --config {config}",
        f"fenghuo alerts tail --config {config} --json",
        f"curl http://127.0.0.1:{port}/metrics",
    )
    yield "Go on, in another terminal:" if keep else "Go on:"
    yield from (
        (f"  {line}" for line in live) if keep else ("  fenghuo demo --keep      to look around in it",)
    )
    yield f"  fenghuo check {config}"
    yield "  fenghuo simulate --days 9 --rate 2 --faults random:3 --output shop.jsonl.gz --truth truth.json"
    yield "  fenghuo backtest --input shop.jsonl.gz --alerts alerts.jsonl"


def _span(script: Script, start_ms: int, end_ms: int) -> str:
    return f"{stamp(start_ms, script)}-{stamp(end_ms, script)}"
