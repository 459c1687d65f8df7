"""Pictures of the detectors on real recordings, and what they cost: for docs/detectors.md.

Run `python -m docs.detectors ../shared/data`: writes docs/pictures/*.svg and prints the table of costs.
"""

import csv
import datetime as dt
import gzip
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detectors.grading import CUTS
from detectors.registry import build
from detectors.river_model import ADAPTERS
from detectors.table import Context, Kind
from docs.picture import Picture, draw

FOLDER = Path(__file__).with_name("pictures")
MONDAY_S = 4 * 86_400  # 1970-01-05
SHOWN = 400  # windows in a picture
LATEST = 0.3  # share of a series that is learned before the strangest moment is looked for


class Series(NamedTuple):
    """A recording: start (epoch s), step (s), values (window), or (part, window) of a vector."""

    start_s: float
    step_s: float
    values: np.ndarray


class Scene(NamedTuple):
    """What a picture shows: a detector over a recording."""

    name: str
    title: str
    spec: object
    kind: Kind
    unit: str


SCENES = {
    "seasonal": Scene("seasonal", "seasonal: a web company's KPI, 5-minute sums", "seasonal", "count", ""),
    "threshold": Scene(
        "threshold",
        "threshold: CPU of a database server, bounds at 15, 20, 23 and 25 %",
        {"threshold": {"above": {"IV": 15, "III": 20, "II": 23, "I": 25}}},
        "value",
        "%",
    ),
    "jump": Scene("jump", "jump: network traffic into a server, bytes in 5 minutes", "jump", "value", ""),
    "silence": Scene("silence", "silence: orders of a retailer in 30 minutes", "silence", "count", ""),
    "novelty": Scene("novelty", "novelty: CPU of a database server", "novelty", "value", "%"),
    "stuck": Scene("stuck", "stuck: a web company's KPI, minute by minute", "stuck", "value", ""),
    "joint": Scene(
        "joint", "joint: orders, revenue and pieces of a retailer by the hour", "joint", "vector", ""
    ),
    "river": Scene(
        "river",
        "river, HalfSpaceTrees: CPU of a database server",
        {"river": "HalfSpaceTrees"},
        "value",
        "%",
    ),
}


def main() -> None:
    """Write the pictures, print the costs."""
    data = Path(sys.argv[1])
    FOLDER.mkdir(exist_ok=True)
    for name, series in recordings(data).items():
        picture = picture_of(SCENES[name], series)
        (FOLDER / f"{name}.svg").write_text(draw(picture), encoding="utf-8")
    print("\n".join(costs()))


def recordings(data: Path) -> dict[str, Series]:
    """Return the series that each picture is made of."""
    amazon = data / "nab" / "data" / "realAWSCloudwatch"
    database = _nab(amazon / "rds_cpu_utilization_cc0c53.csv")
    retailer = list(_orders(data / "online-retail" / "orders.jsonl.gz"))
    return {
        "seasonal": _kpi(data / "kpi" / "kpi-05.csv.gz", 5),
        "threshold": database,
        "jump": _nab(amazon / "ec2_network_in_257a54.csv"),
        "silence": _counted(retailer, 1_800, parts=1),
        "novelty": database,
        "stuck": _kpi(data / "kpi" / "kpi-43.csv.gz", 1),
        "joint": _counted(retailer, 3_600, parts=3),
        "river": database,
    }


def picture_of(scene: Scene, series: Series) -> Picture:
    """Run a detector over the whole recording and show the strangest moment of its later part."""
    parts = len(series.values) if series.values.ndim > 1 else 1
    table = build(scene.spec, scene.kind, CUTS[scene.kind], parts)  # type: ignore[arg-type]
    rows = table.add(1)
    n = series.values.shape[-1]
    told = np.full((5, n), np.nan)  # value, expected, lower, upper, score
    for i in range(n):
        column = series.values[..., i].reshape(*series.values.shape[:-1], 1)
        if np.isnan(column).any():
            continue
        week_s = (series.start_s - MONDAY_S + i * series.step_s) % 604_800
        context = Context(series.step_s, week_s)
        judged = table.score(rows, column, context)
        shown = table.shown(rows, column, context)
        told[:, i] = (
            *(one[0] for one in (shown, judged.expected, judged.lower, judged.upper)),
            judged.score[0],
        )
        table.learn(rows, column, context)
    first = int(n * LATEST)
    at = first + int(np.nanargmax(told[4, first:]))
    start = int(np.clip(at - SHOWN * 0.6, 0, max(n - SHOWN, 0)))
    times = series.start_s + series.step_s * np.arange(start, min(start + SHOWN, n))
    return Picture(scene.title, times, told[:, start : start + SHOWN], CUTS[scene.kind], scene.unit)


# -- costs


def costs() -> Iterator[str]:
    """Yield the lines of the table: microseconds of score and learn, bytes of state."""
    yield "| detector | kind | one series, us a window | among 1,000, us a series | bytes a series |"
    yield "|---|---|---|---|---|"
    for name, kind, spec, many in _costly():
        alone, among = _cost(spec, kind, 1), _cost(spec, kind, many)
        stored = _stored(spec, kind)
        yield f"| {name} | {kind} | {alone:,.0f} | {among:,.1f} | {stored} |"


def _costly() -> Iterator[tuple[str, Kind, object, int]]:
    for kind in ("count", "ratio", "value"):
        yield "`seasonal`", kind, "seasonal", 1000  # type: ignore[misc]
    yield "`threshold`", "value", SCENES["threshold"].spec, 1000
    yield "`jump`", "value", "jump", 1000
    yield "`silence`", "count", "silence", 1000
    yield "`novelty`", "value", "novelty", 1000
    yield "`stuck`", "value", "stuck", 1000
    yield "`joint`, 7 counts", "vector", "joint", 20
    for name in ADAPTERS:
        yield f"river `{name}`", "value", {"river": name}, 100


def _cost(spec: object, kind: Kind, n: int) -> float:
    parts = 7 if kind == "vector" else 1
    table = build(spec, kind, CUTS[kind], parts)  # type: ignore[arg-type]
    rows, rng = table.add(n), np.random.default_rng(1)
    shape = (400, parts, n) if kind == "vector" else (400, n)
    values = rng.poisson(50, shape).astype(float)
    spent = []
    for i, column in enumerate(values):
        context = Context(900.0, i * 900.0 % 604_800, np.full(n, 100.0) if kind == "ratio" else None)
        begun = time.perf_counter()
        table.score(rows, column, context)
        table.learn(rows, column, context)
        spent.append(time.perf_counter() - begun)
    return 1e6 * float(np.median(spent[300:])) / n


def _stored(spec: object, kind: Kind) -> str:
    table = build(spec, kind, CUTS[kind], 7 if kind == "vector" else 1)  # type: ignore[arg-type]
    if not table.DURABLE:
        return "not stored"
    return f"{len(table.dump(table.add(2))) - len(table.dump(table.add(1))):,}"


# -- recordings


def _kpi(path: Path, minutes: int) -> Series:
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    at = np.array([int(float(row["timestamp"])) for row in rows])
    value = np.full((at[-1] - at[0]) // 60 + 1, np.nan)
    value[(at - at[0]) // 60] = [float(row["value"]) if row["value"] else np.nan for row in rows]
    whole = value[: len(value) // minutes * minutes].reshape(-1, minutes)
    return Series(float(at[0]), 60.0 * minutes, whole.sum(axis=1))


def _nab(path: Path) -> Series:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    start = dt.datetime.fromisoformat(rows[0]["timestamp"]).replace(tzinfo=dt.UTC).timestamp()
    return Series(start, 300.0, np.array([float(row["value"]) for row in rows]))


def _orders(path: Path) -> Iterator[tuple[float, float, float]]:
    """Yield (epoch s, amount, pieces) of each order."""
    with gzip.open(path, "rt") as file:
        for line in file:
            event = json.loads(line)
            if event["type"] == "created":
                time_s = _epoch_s(event["event_time"])
                pieces = sum(max(one["qty"], 0) for one in event["lines"])
                yield time_s, max(float(event["amount"]), 0.0), float(pieces)


def _epoch_s(moment: int | str) -> float:
    return moment / 1000 if isinstance(moment, int) else dt.datetime.fromisoformat(moment).timestamp()


def _counted(orders: list[tuple[float, float, float]], step_s: int, *, parts: int) -> Series:
    """Return orders, amount and pieces by window: the first so many of the three."""
    at = np.array([order[0] for order in orders])
    start = at.min() // 86_400 * 86_400
    place = ((at - start) // step_s).astype(int)
    weights = (None, *np.array([order[1:] for order in orders]).T)
    sums = np.stack([np.bincount(place, weights=w).astype(float) for w in weights[:parts]])
    return Series(float(start), float(step_s), sums if parts > 1 else sums[0])


if __name__ == "__main__":
    main()
