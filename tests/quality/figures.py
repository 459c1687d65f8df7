"""Figures of the gates: rows of one table, and build/quality.json."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
FILE = ROOT / "build" / "quality.json"


class Row(NamedTuple):
    """One figure beside its limit. on = share of normal time in alarm, where a recall is shown."""

    gate: str
    name: str
    value: float
    limit: float | None = None
    at_least: bool = True
    on: float | None = None

    @property
    def key(self) -> str:
        """What the figure is called in the table of floors."""
        return f"{self.gate}: {self.name}"

    def holds(self, bound: float) -> bool:
        """Whether the figure keeps to a bound; NaN never does."""
        return self.value >= bound if self.at_least else self.value <= bound

    def line(self, floors: dict[str, float]) -> str:
        """Return one line of the table."""
        sign, limit, verdict = "", "", ""
        if self.limit is not None:
            sign, limit = (">=", "<=")[not self.at_least], f"{self.limit:g}"
            verdict = "met" if self.holds(self.limit) else "missed"
        if self.key in floors and not self.holds(floors[self.key]):
            verdict += f"  WORSE THAN BEFORE ({floors[self.key]:g})"
        on = "" if self.on is None else f"{100 * self.on:.2f} %"
        return (
            f"{self.gate:2} {self.name:58}{self.value:9.3f}  {sign:2} {limit:>6}  {on:>7}  {verdict}".rstrip()
        )


class Rival(NamedTuple):
    """A baseline at a gate, beside us on the same series.

    low, high   95 % interval of our recall less its
    """

    gate: str
    name: str
    at: str
    recall: float
    on: float
    false_per_1000: float
    ours: float
    low: float
    high: float

    def line(self) -> str:
        """Return one line of the table."""
        return (
            f"{self.gate:2} {self.name:24}{self.at:>6}{self.recall:8.3f}{100 * self.on:8.2f} %"
            f"{self.false_per_1000:9.3f}{self.ours:9.3f}   [{self.low:+.3f}, {self.high:+.3f}]"
        )


class Result(NamedTuple):
    """What one gate found: rows of the table, parts of the JSON file, lines for those who look closer."""

    rows: list[Row]
    figures: dict[str, Any]
    details: Sequence[str] = ()
    rivals: Sequence[Rival] = ()


HEAD = f"{'':2} {'figure':58}{'found':>9}  {'':2} {'limit':>6}  {'alarm':>7}  verdict"
RIVALS_HEAD = (
    f"{'':2} {'baseline':24}{'at':>6}{'recall':>8}{'alarm':>10}{'FA/1000':>9}{'ours':>9}   ours less it"
)


def broken(rows: list[Row], floors: dict[str, float]) -> list[str]:
    """Return the floors that a figure fell through, and those that no figure has."""
    by_key = {row.key: row for row in rows}
    return [key for key, floor in floors.items() if key not in by_key or not by_key[key].holds(floor)]


def write(results: list[Result]) -> None:
    """Put the figures of all gates in one file."""
    merged: dict[str, Any] = {"commit": commit(), "command": "make quality"}
    baselines: dict[str, Any] = {}
    for result in results:
        merged |= {name: part for name, part in result.figures.items() if name != "normal"}
        merged["normal"] = merged.get("normal", {}) | result.figures.get("normal", {})
        for rival in result.rivals:
            baselines.setdefault(rival.gate, {}).setdefault(rival.name, {})[rival.at] = rival._asdict()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(_short(merged | {"baselines": baselines}), indent=1) + "\n")


def commit() -> str:
    """Return what was measured."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _short(part: Any) -> Any:
    """Round all numbers to what they are worth; NaN is null."""
    if isinstance(part, dict):
        return {key: _short(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_short(value) for value in part]
    if isinstance(part, float):
        return round(part, 4) if part == part else None  # noqa: PLR0124 (NaN differs from itself)
    return part
