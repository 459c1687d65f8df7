"""Scoring recorded series: one table, a row a file, each observation scored before it is learned."""

import gzip
import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows, place_of
from detectors.grading import CUTS, Grades, grades_of
from detectors.table import Context, Kind, Table
from streams.detect.zone import Zone
from streams.recorded.series_file import Floats, Series

COLUMNS = ("timestamp", "value", "score", "p", "expected", "lower", "upper", "grade")
LINE = "%s,%s,%.9f,%.9g,%.9g,%.9g,%.9g,%d\n"
MARKS = ',"\r\n'


class Scored(NamedTuple):
    """What a detector says of each line of a file; NaN where it says nothing (warming up, missing).

    nats                    -ln p
    expected, lower, upper  in the unit of the value (a ratio: of value / exposure)
    """

    nats: Floats
    expected: Floats
    lower: Floats
    upper: Floats

    @property
    def p(self) -> Floats:
        """Tail probability."""
        return np.asarray(np.exp(-self.nats))

    @property
    def score(self) -> Floats:
        """Comparable across files, [0, 1): x / (1 + x) with x = -log10 p."""
        x = self.nats / math.log(10)
        return np.asarray(x / (1 + x))

    def grade(self, kind: Kind) -> Grades:
        """Return 0..4 for each line."""
        cuts = np.array(CUTS[kind])[:, None]
        return grades_of(self.nats, np.broadcast_to(cuts, (4, len(self.nats))))


def score(
    files: Sequence[Series], table: Table, zone: Zone, advance: Callable[[int], None] = lambda _: None
) -> list[Scored]:
    """Run the files through the rows of one empty table, line by line, each with its own clock.

    advance  called with the number of lines done since the last call

    Raises ValueError if the table takes no more rows.
    """
    # The longest first: the rows that still have lines lie next to each other, which is quick to read.
    order = sorted(range(len(files)), key=lambda i: -len(files[i].values))
    grid = _Grid.of([files[i] for i in order], zone)
    rows = table.add(len(files))
    out = np.full((4, *grid.values.shape), np.nan)
    for line in range(len(grid.values)):
        found = np.flatnonzero(grid.present[line])
        if len(found):
            here = place_of(found)
            context, values = grid.context(line, here), grid.values[line, here]
            judgement = table.score(rows[here], values, context)
            table.learn(rows[here], values, context)
            told = (judgement.score, judgement.expected, judgement.lower, judgement.upper)
            for column, numbers in zip(out, told, strict=True):
                column[line, here] = numbers
        advance(int(grid.lines_at[line]))
    scored = {i: Scored(*out[:, : len(files[i].values), at]) for at, i in enumerate(order)}
    return [scored[i] for i in range(len(files))]


class _Grid(NamedTuple):
    """The files side by side: (line, file), ended files filled up with what is not present."""

    values: Floats
    exposure: Floats | None
    present: NDArray[np.bool_]
    steps_s: Floats
    weeks_s: Floats
    lines_at: NDArray[np.int64]  # files that have this line

    @classmethod
    def of(cls, files: Sequence[Series], zone: Zone) -> "_Grid":
        exposures = [file.exposure for file in files if file.exposure is not None]
        # Files of a folder mostly have the same timestamps.
        distinct = {file.time_ms.tobytes(): file for file in files}
        clocks = {times: (file.steps_s(), file.weeks_s(zone)) for times, file in distinct.items()}
        steps_s, weeks_s = zip(*(clocks[file.time_ms.tobytes()] for file in files), strict=True)
        return cls(
            values=_beside([file.values for file in files]),
            exposure=_beside(exposures) if exposures else None,
            present=_beside([file.present for file in files]) > 0,
            steps_s=_beside(steps_s),
            weeks_s=_beside(weeks_s),
            lines_at=_beside([np.ones(len(file.values)) for file in files]).sum(axis=1).astype(np.int64),
        )

    def context(self, line: int, here: slice | Rows) -> Context:
        """Return what is known beside the values; one clock for all rows where they agree."""
        exposure = None if self.exposure is None else self.exposure[line, here]
        step_s, week_s = self.steps_s[line, here], self.weeks_s[line, here]
        if (step_s == step_s[0]).all() and (week_s == week_s[0]).all():
            return Context(float(step_s[0]), float(week_s[0]), exposure)
        return Context(step_s, week_s, exposure)


def _beside(columns: Sequence[NDArray[np.generic]]) -> Floats:
    """Return (line, file), zeros after the end of a file."""
    grid = np.zeros((max(map(len, columns)), len(columns)))
    for at, column in enumerate(columns):
        grid[: len(column), at] = column
    return grid


def write(path: Path, series: Series, scored: Scored, kind: Kind) -> None:
    """Write a line per line of the series; what a detector does not say is empty. `.gz` is compressed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = np.array([scored.score, scored.p, scored.expected, scored.lower, scored.upper])
    columns = (_fields(series.stamps), _fields(series.texts), *told.tolist(), scored.grade(kind).tolist())
    whole = np.isfinite(told).all(axis=0).tolist()
    with _open(path) as file:
        file.write(",".join(COLUMNS) + "\n")
        file.writelines(
            LINE % line if complete else _line(*line)
            for line, complete in zip(zip(*columns, strict=True), whole, strict=True)
        )


def _line(stamp: str, text: str, score: float, *numbers: float) -> str:
    """Return a line of which something is not told: that is left empty."""
    *rest, grade = numbers
    told = math.isfinite(score)
    fields = (f"{score:.9f}" if told else "", *(f"{x:.9g}" if math.isfinite(x) else "" for x in rest))
    return ",".join((stamp, text, *fields, str(grade) if told else "")) + "\n"


def _fields(texts: list[str]) -> list[str]:
    """Return texts as CSV has them: quoted where they would mean something else."""
    if not any(mark in "".join(texts) for mark in MARKS):
        return texts
    return [
        '"' + text.replace('"', '""') + '"' if any(mark in text for mark in MARKS) else text for text in texts
    ]


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        # Without the time of writing: the same scores are the same bytes.
        packed = gzip.GzipFile(path, "wb", mtime=0)
        return io.TextIOWrapper(cast(IO[bytes], packed), encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")
