"""The schedule: faults as people write them, `KIND@START+DURATION[:ARGUMENTS]`, or drawn at random."""

import dataclasses
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from streams.detect.zone import Zone
from streams.failure import USAGE, Failure
from streams.settings.duration import parse_ms
from streams.simulate.chance import generator
from streams.simulate.fault import Fault
from streams.simulate.fault_kind import FAULTS
from streams.simulate.season import DAY_MS, HOUR_MS, MINUTE_MS
from streams.simulate.shop import Shop

FORM = "KIND@START+DURATION[:NAME=VALUE,...], like order_drop@-6h+30m:share=0.5"
DURATIONS_MS = (30 * 60_000, 45 * 60_000, 60 * 60_000)
AWAKE_H = (9, 22)  # random faults lie where there is something to lose, local time
ANY_H = (0, 24)  # when the span is too short for that
QUIET_SHARE = 0.5  # the first part of the span, left to learn from
TRIES = 1_000

_FAULT = re.compile(r"(\w+)@(.+)\+(\d+(?:ms|s|m|h|d))(?::(.*))?", re.ASCII)


def parse_time(text: str, timezone: str, end_ms: int) -> int:
    """Return epoch ms of ISO 8601 (the shop's zone if it names none) or of `-6h`: that long before the end.

    Raises Failure.
    """
    try:
        if text.startswith("-"):
            return end_ms - parse_ms(text[1:])
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(
            f"time {text!r}: give ISO 8601, like 2026-03-01T09:30, or -6h before the end", USAGE
        ) from None
    zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(timezone))
    return round(zoned.timestamp() * 1000)


def parse_fault(text: str, shop: Shop, span_ms: tuple[int, int]) -> Fault:
    """Return the fault that a text means; it lies in the span. Raises Failure."""
    if (found := _FAULT.fullmatch(text)) is None:
        raise Failure(f"fault {text!r}: write {FORM}", USAGE)
    kind, start, duration, arguments = found.groups(default="")
    if kind not in FAULTS:
        raise Failure(f"fault {text!r}: no kind {kind!r}; there are {', '.join(FAULTS)}", USAGE)
    start_ms = parse_time(start, shop.timezone, span_ms[1])
    end_ms = start_ms + parse_ms(duration)
    if not (span_ms[0] <= start_ms and end_ms <= span_ms[1]):
        raise Failure(
            f"fault {text!r}: it is not within the simulated span; move it or give more --days", USAGE
        )
    fault = FAULTS[kind](start_ms, end_ms, **_arguments(FAULTS[kind], arguments))
    fault.check(shop)
    return fault


def draw_faults(shop: Shop, seed: int, span_ms: tuple[int, int], count: int) -> list[Fault]:
    """Return `count` faults of mixed kinds, an hour apart at least, in the later part of the span.

    Raises Failure if they do not find room.
    """
    rng = generator(seed, "schedule", count)
    first_ms = span_ms[0] + round((span_ms[1] - span_ms[0]) * QUIET_SHARE)
    kinds = list(FAULTS.values())
    for hours in (AWAKE_H, ANY_H):
        times = _draw_times(rng, Zone(shop.timezone), (first_ms, span_ms[1]), count, hours)
        if len(times) == count:
            faults = [kinds[number % len(kinds)](*time) for number, time in enumerate(times)]
            return sorted(faults, key=lambda fault: fault.start_ms)
    raise Failure(f"no room for {count} random faults: give more --days or fewer faults", USAGE)


def _draw_times(
    rng: np.random.Generator, zone: Zone, span_ms: tuple[int, int], count: int, hours: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return up to `count` times in the span, within these hours of the shop's day, an hour apart."""
    drawn: list[tuple[int, int]] = []
    for _ in range(TRIES * count):
        if len(drawn) == count:
            break
        start_ms = int(rng.integers(*span_ms)) // MINUTE_MS * MINUTE_MS
        end_ms = start_ms + int(rng.choice(DURATIONS_MS))
        begin_h = (start_ms + zone.offset_ms(start_ms)) % DAY_MS / HOUR_MS
        awake = hours[0] <= begin_h <= hours[1] - (end_ms - start_ms) / HOUR_MS
        if awake and span_ms[0] <= start_ms and end_ms <= span_ms[1] and _free(drawn, start_ms, end_ms):
            drawn.append((start_ms, end_ms))
    return drawn


def _free(drawn: list[tuple[int, int]], start_ms: int, end_ms: int) -> bool:
    return all(end_ms + HOUR_MS <= start or start_ms >= end + HOUR_MS for start, end in drawn)


def _arguments(fault: type[Fault], text: str) -> dict[str, Any]:
    """Return the arguments of a kind by name; a value without a name is the first one's. Raises Failure."""
    known = {field.name: field for field in dataclasses.fields(fault)[len(dataclasses.fields(Fault)) :]}
    given: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.rpartition("=")
        name = name or next(iter(known), "")
        if name not in known:
            allowed = f"there are {', '.join(known)}" if known else "it takes none"
            raise Failure(f"fault {fault.kind}: no argument {part!r}; {allowed}", USAGE)
        try:
            given[name] = float(value) if known[name].type is float else value
        except ValueError:
            raise Failure(f"fault {fault.kind}: {name} is {value!r}; give a number", USAGE) from None
    return given
