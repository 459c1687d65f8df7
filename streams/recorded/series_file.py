"""Recorded series: CSV files with a timestamp and a value a line, plain or gzip."""

import csv
import gzip
import statistics
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.detect.zone import Zone
from streams.failure import Failure
from streams.recorded import field
from streams.recorded.lines import GZIP_MAGIC, FileUnreadable

Floats = NDArray[np.float64]
STEPS_SEEN = 15  # differences whose median is taken for the step
FIRST_STEP_S = 300.0  # taken for the step until there is a difference


class SeriesUnusable(Failure):
    """A file that is no series: the message names file, line, what was found and what is wanted."""


class Series(NamedTuple):
    """A series as it lies in its file, one entry a line.

    stamps, texts  timestamp and value as written
    time_ms        epoch ms
    values         NaN = missing
    exposure       NaN = missing; None without such a column
    """

    path: str
    stamps: list[str]
    texts: list[str]
    time_ms: NDArray[np.int64]
    values: Floats
    exposure: Floats | None

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where there is something to score: a value and, for ratios, trials."""
        known = np.isfinite(self.values)
        return known if self.exposure is None else known & (self.exposure > 0)

    def steps_s(self) -> Floats:
        """Return for each line the usual step, seconds: the median of the last differences up to it."""
        differences = np.diff(self.time_ms, prepend=self.time_ms[:1]) / 1000
        forward = differences > 0
        medians = np.concatenate([[FIRST_STEP_S], _running_median(differences[forward])])
        return np.asarray(medians[np.cumsum(forward)])

    def weeks_s(self, zone: Zone) -> Floats:
        """Return the local seconds since Monday 00:00 of each line."""
        return zone.weeks_s(self.time_ms)


def read_series(path: str, zone: Zone, exposure: str | None = None) -> Series:
    """Read columns `timestamp` (ISO 8601 or epoch s or ms), `value` and the exposure's, if named.

    Timestamps without an offset are local time of the zone. Empty values are missing; other columns and
    empty lines are passed over. Raises FileUnreadable, or SeriesUnusable if it is not such a file.
    """
    wanted = ["timestamp", "value", *([exposure] if exposure else [])]
    numbers, columns = _columns(path, wanted)
    if not numbers:
        raise SeriesUnusable(f"{path} has no line after its header: nothing to score")
    try:
        time_ms, *rest = field.times_ms(tuple(columns[0]), zone), *map(field.plain_numbers, columns[1:])
    except ValueError:
        time_ms, *rest = _one_by_one(path, wanted, numbers, columns, zone)
    return Series(path, columns[0], columns[1], time_ms, rest[0], rest[1] if exposure else None)


def _one_by_one(
    path: str, wanted: Sequence[str], numbers: Sequence[int], columns: Sequence[Sequence[str]], zone: Zone
) -> list[NDArray[Any]]:
    """Return the columns parsed, line by line: the first that is not as wanted is told of."""
    parsers: list[Callable[[str], float]] = [partial(field.time_ms, zone=zone)]
    parsers += [field.number] * (len(wanted) - 1)
    parsed: list[list[float]] = [[] for _ in wanted]
    for number, *fields in zip(numbers, *columns, strict=True):
        for name, column, parse, text in zip(wanted, parsed, parsers, fields, strict=True):
            try:
                column.append(parse(text))
            except ValueError as error:
                raise SeriesUnusable(f"{path}, line {number}: {name} is {text!r}, but {error}") from error
    return [np.array(parsed[0], np.int64), *map(np.array, parsed[1:])]


def _columns(path: str, wanted: Sequence[str]) -> tuple[list[int], list[list[str]]]:
    """Return the line numbers, and the wanted columns of texts, stripped, below the header."""
    numbers: list[int] = []
    rows: list[list[str]] = []
    try:
        with _open(path) as file:
            reader = csv.reader(file)
            header = [name.strip().lower() for name in next(reader, [])]
            at = _places(path, header, wanted)
            for row in filter(None, reader):
                if len(row) <= max(at):
                    raise SeriesUnusable(
                        f"{path}, line {reader.line_num}: {len(row)} fields, the header has {len(header)}"
                    )
                numbers.append(reader.line_num)
                rows.append(row)
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError, csv.Error) as error:
        raise FileUnreadable(f"{path} is damaged or no CSV: {error}") from error
    except OSError as error:
        raise FileUnreadable(f"cannot read {path}: {error.strerror or error}") from error
    return numbers, [[row[place].strip() for row in rows] for place in at]


def _places(path: str, header: list[str], wanted: Sequence[str]) -> list[int]:
    if not any(header):
        raise SeriesUnusable(f"{path} is empty: a header `{','.join(wanted)}` and lines below are wanted")
    missing = [name for name in wanted if name.lower() not in header]
    if missing:
        raise SeriesUnusable(
            f"{path} has no column {' and '.join(missing)}: its header is `{','.join(header)}`, "
            f"wanted is `{','.join(wanted)}`"
        )
    return [header.index(name.lower()) for name in wanted]


def _open(path: str) -> IO[str]:
    with open(path, "rb") as file:
        packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    if packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return open(path, encoding="utf-8-sig", newline="")


def _running_median(numbers: Floats) -> Floats:
    """Return the median of the last STEPS_SEEN numbers up to each."""
    medians = numbers.copy()
    changed = np.cumsum(np.diff(numbers, prepend=numbers[:1]) != 0)
    for i in range(min(STEPS_SEEN - 1, len(numbers))):
        medians[i] = numbers[0] if not changed[i] else statistics.median(numbers[: i + 1].tolist())
    if len(numbers) >= STEPS_SEEN:
        # Most clocks are even: where all numbers are the same, so is their median.
        uneven = np.flatnonzero(changed[STEPS_SEEN - 1 :] != changed[: 1 - STEPS_SEEN])
        if len(uneven):
            last = np.lib.stride_tricks.sliding_window_view(numbers, STEPS_SEEN)[uneven]
            medians[uneven + STEPS_SEEN - 1] = np.median(last, axis=1)
    return medians
