"""The job that all do: decode clicks; five counts and a sum, by shop and four dimensions, per minute.

Run in the environment of the peers: knows nothing of fenghuo. Every peer is a program with the arguments
BOOTSTRAP TOPIC EVENTS RESULT; it reads so many events from the beginning of the topic and writes its figures.
"""

import json
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec

DIMENSIONS = ("channel", "campaign", "region", "sku")
TYPES = ("impression", "click", "view", "add_to_cart", "checkout")
MONEY = 10_000  # money in fixed point, so that sums are exact
MINUTE_MS = 60_000
PARTITIONS = 4


class Click(msgspec.Struct, gc=False):
    """What the job reads of a click."""

    event_time: int
    type: Literal["impression", "click", "view", "add_to_cart", "checkout"]
    channel: str
    campaign: str
    region: str
    sku: str
    cost: float


decode = msgspec.json.Decoder(Click).decode
PLACE = {name: at for at, name in enumerate(TYPES)}


class Sums:
    """Per minute and entity: a count for each type, then the money. The fastest way plain Python knows."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, str, str], list[int]] = {}

    def add(self, clicks: Iterable[Any]) -> None:
        """Take decoded clicks."""
        cells = self.cells
        for click in clicks:
            minute, place, cost = click.event_time // MINUTE_MS, PLACE[click.type], round(click.cost * MONEY)
            for key in (
                (minute, "", ""),
                (minute, "channel", click.channel),
                (minute, "campaign", click.campaign),
                (minute, "region", click.region),
                (minute, "sku", click.sku),
            ):
                cell = cells.get(key)
                if cell is None:
                    cell = cells[key] = [0] * (len(TYPES) + 1)
                cell[place] += 1
                cell[-1] += cost

    def named(self) -> dict[str, list[int]]:
        """Return the sums by minute and entity, written as fenghuo writes them."""
        return {
            f"{minute * MINUTE_MS} {f'{dim}={value}' if dim else ''}": cell
            for (minute, dim, value), cell in self.cells.items()
        }


class Arguments:
    """What a peer is told."""

    def __init__(self) -> None:
        self.bootstrap, self.topic, events, result = sys.argv[1:]
        self.events, self.result = int(events), Path(result)


class Meter:
    """Wall and CPU time (all threads) between a tenth of the events and the last."""

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments
        self._begun: tuple[float, float, int] | None = None
        self._ended: tuple[float, float, int] | None = None
        self.read = 0

    def took(self, events: int) -> bool:
        """Count events; return whether all have been read."""
        self.read += events
        if self._begun is None and self.read > self._arguments.events / 10:
            self._begun = self._now()
        if self._ended is None and self.read >= self._arguments.events:
            self._ended = self._now()
        return self._ended is not None

    def ended(self) -> None:
        """Say that the last result is there: for what works on after the last event was read."""
        self._ended = self._now()

    def write(self, sums: dict[str, list[int]]) -> None:
        """Write the figures and the sums."""
        assert self._begun is not None
        assert self._ended is not None
        seconds, cpu_s, events = (b - a for a, b in zip(self._begun, self._ended, strict=True))
        figures = {
            "events_per_s": round(events / seconds),
            "cpu_us_per_event": round(cpu_s / events * 1e6, 2),
            "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
        }
        self._arguments.result.write_text(json.dumps({"figures": figures, "sums": sums}))

    def _now(self) -> tuple[float, float, int]:
        return time.monotonic(), time.process_time(), self.read
