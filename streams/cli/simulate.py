"""`fenghuo simulate`: a shop's events, with known faults, to Kafka, a file or stdout."""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from streams.failure import USAGE, Failure

if TYPE_CHECKING:
    from streams.settings import Settings
    from streams.simulate.fault import Fault
    from streams.simulate.record import Record
    from streams.simulate.shop import Shop
    from streams.simulate.stream import Tally
    from streams.simulate.truth import Truth

EXAMPLES = """\b
Examples:
  fenghuo simulate --output week.jsonl.gz --truth truth.json --faults random:3
  fenghuo simulate --days 0.5 --fault order_outage@-2h+30m --fault price_error@-1h+20m:factor=10 > half.jsonl
  fenghuo simulate --kafka --days 1 --speed 60          a day in 24 minutes, ending now
"""
NOW = "now"
DAY_MS = 86_400_000
ROWS_PER_STEP = 5_000  # of the progress bar

share = click.FloatRange(0, 1)


class Request(NamedTuple):
    """What was asked for, resolved: times are epoch ms."""

    shop: "Shop"
    seed: int
    start_ms: int
    end_ms: int
    faults: "list[Fault]"


@click.command(help=f"Write a simulated shop's events: the span ends at --until.\n\n{EXAMPLES}")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same bytes."
)
@click.option("--days", type=float, default=7.0, show_default=True, help="Length of the simulated span.")
@click.option("--until", default=NOW, show_default=True, help="Its end: ISO 8601, or `now`.")
@click.option(
    "--rate", type=float, default=1.0, show_default=True, help="Click records a second, weekly mean."
)
@click.option(
    "--fault", "fault_texts", multiple=True, help="KIND@START+DURATION[:NAME=VALUE,...]; repeatable."
)
@click.option("--faults", "random", metavar="random:N", help="N faults drawn in the later half of the span.")
@click.option("--late", type=share, default=0.002, show_default=True, help="Share that comes minutes late.")
@click.option("--duplicates", type=share, default=0.002, show_default=True, help="Share that comes twice.")
@click.option("--broken", type=share, default=0.0005, show_default=True, help="Share that is not valid.")
@click.option(
    "--speed", default="max", show_default=True, help="With --kafka: times as fast as life, or `max`."
)
@click.option(
    "--output", type=click.Path(dir_okay=False, allow_dash=True), help="FILE.jsonl[.gz]; - is stdout."
)
@click.option("--kafka", "to_kafka", is_flag=True, help="Send to the input topics instead.")
@click.option(
    "--truth", type=click.Path(dir_okay=False, path_type=Path), help="Write what was injected: JSON."
)
@click.option("--timezone", help="The shop's zone; else that of the configuration.")
@click.option("--config", type=click.Path(dir_okay=False), help="fenghuo.yaml: topics, Kafka, time zone.")
def command(
    *,
    seed: int,
    days: float,
    until: str,
    rate: float,
    fault_texts: tuple[str, ...],
    random: str | None,
    late: float,
    duplicates: float,
    broken: float,
    speed: str,
    output: str | None,
    to_kafka: bool,
    truth: Path | None,
    timezone: str | None,
    config: str | None,
) -> None:
    """Simulate."""
    from streams.settings import load

    if to_kafka and output is not None:
        raise Failure("--kafka and --output exclude each other: give one", USAGE)
    settings = load(config)
    pace = _speed(speed, to_kafka=to_kafka)
    shop = _shop(rate, timezone or settings.time.timezone, (late, duplicates, broken))
    now_ms = _now_ms()
    start_ms, end_ms = _span(shop, days, until, now_ms, pace)
    faults = _faults(shop, seed, (start_ms, end_ms), fault_texts, random)
    request = Request(shop, seed, start_ms, end_ms, faults)
    _run(request, settings if to_kafka else None, pace, output or "-", truth)


def _run(
    request: Request, settings: "Settings | None", speed: float | None, output: str, truth_path: Path | None
) -> None:
    """Write truth, events, and the truth again, with the counts."""
    from streams.simulate.stream import Tally, simulate
    from streams.simulate.truth import count_records, tell_truth

    shop, seed, start_ms, end_ms, faults = request
    tally: Tally = Tally()
    records = simulate(shop, seed, start_ms, end_ms, faults, tally=tally)
    truth = tell_truth(shop, seed, (start_ms, end_ms), faults)
    _write_truth(truth, truth_path)
    count = _write(_with_progress(records, start_ms, end_ms), request, settings, speed, output)
    truth.records = count_records(tally)
    _write_truth(truth, truth_path)
    click.echo(_summary(count, truth, tally), err=True)


def _write(
    records: "Iterable[Record]",
    request: Request,
    settings: "Settings | None",
    speed: float | None,
    output: str,
) -> int:
    if settings is None:
        from streams.simulate.file import write_lines

        return write_lines(records, output)
    import asyncio

    from streams.simulate.pace import Pace
    from streams.simulate.sender import send_to_kafka

    pace = None if speed is None else Pace.build(request.start_ms, request.end_ms, _now_ms(), speed)
    return asyncio.run(send_to_kafka(records, settings, pace, _now_ms))


def _shop(rate: float, timezone: str, shares: tuple[float, float, float]) -> "Shop":
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from streams.simulate.shop import Noise, Shop

    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Failure(f"no time zone {timezone!r}: give a name like Asia/Shanghai", USAGE) from None
    try:
        return Shop(timezone=timezone, clicks_per_s=rate, noise=Noise(*shares))
    except ValueError as error:
        raise Failure(str(error), USAGE) from error


def _span(shop: "Shop", days: float, until: str, now_ms: int, speed: float | None) -> tuple[int, int]:
    """Return start and end. The end must have passed when the last record is sent."""
    from streams.simulate.schedule import parse_time

    if not 0 < days < float("inf"):
        raise Failure(f"--days is {days:g}: the span ends before it starts; give a number over 0", USAGE)
    length_ms = round(days * DAY_MS)
    finish_ms = now_ms if speed is None else now_ms + round(length_ms / speed)
    end_ms = finish_ms if until == NOW else parse_time(until, shop.timezone, now_ms)
    if end_ms > finish_ms:
        raise Failure(f"--until {until} is in the future: events would be sent before they happen", USAGE)
    return end_ms - length_ms, end_ms


def _speed(text: str, *, to_kafka: bool) -> float | None:
    """Return the factor; None is as fast as possible."""
    if text == "max":
        return None
    if not to_kafka:
        raise Failure("--speed is for --kafka: a file is always written at once", USAGE)
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed < float("inf"):
        raise Failure(f"--speed is {text!r}: give 1 or more (events would be ahead of time), or max", USAGE)
    return speed


def _faults(
    shop: "Shop", seed: int, span_ms: tuple[int, int], texts: tuple[str, ...], random: str | None
) -> "list[Fault]":
    from streams.simulate.schedule import draw_faults, parse_fault

    faults = [parse_fault(text, shop, span_ms) for text in texts]
    if random is None:
        return faults
    word, _, count = random.partition(":")
    if word != "random" or not count.isdecimal():
        raise Failure(f"--faults is {random!r}: write random:3", USAGE)
    return [*faults, *draw_faults(shop, seed, span_ms, int(count))]


def _write_truth(truth: "Truth", path: Path | None) -> None:
    if path is not None:
        path.write_bytes(truth.to_json())


def _with_progress(records: "Iterable[Record]", start_ms: int, end_ms: int) -> "Iterator[Record]":
    """Yield the records; on a terminal, show how far the simulated time has come."""
    with click.progressbar(
        length=end_ms - start_ms, label="simulating", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        shown_ms = start_ms
        for number, record in enumerate(records):
            if number % ROWS_PER_STEP == 0:
                bar.update(record.arrival_ms - shown_ms)
                shown_ms = record.arrival_ms
            yield record
        bar.update(end_ms - shown_ms)


def _summary(count: int, truth: "Truth", tally: "Tally") -> str:
    flaws = {
        flaw: sum(n for (_, of), n in tally.items() if of == flaw)
        for flaw in ("late", "duplicates", "broken")
    }
    noise = ", ".join(f"{n:,} {flaw}" for flaw, n in flaws.items())
    lines = [f"{count:,} events ({noise})", *(f"  {fault.name}: {fault.story}" for fault in truth.faults)]
    return "\n".join(lines)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
