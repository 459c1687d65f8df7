"""Recorded series: CSV files with a timestamp and a value a line, plain or gzip."""

import csv
import datetime as dt
import gzip
import math
import statistics
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.detect.zone import Zone
from streams.failure import Failure
from streams.recorded.lines import GZIP_MAGIC, FileUnreadable

Floats = NDArray[np.float64]
EPOCH_MS_FROM = 1e11  # greater numbers are epoch milliseconds: as seconds they would be the year 5138
YEARS = (dt.datetime(2, 1, 1, tzinfo=dt.UTC).timestamp(), dt.datetime(9998, 1, 1, tzinfo=dt.UTC).timestamp())
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
    parsers: list[Callable[[str], float]] = [_time_ms(zone), *[_number] * (len(wanted) - 1)]
    columns: list[list[float]] = [[] for _ in wanted]
    stamps: list[str] = []
    texts: list[str] = []
    for number, fields in _lines(path, wanted):
        stamps.append(fields[0])
        texts.append(fields[1])
        for name, column, parse, text in zip(wanted, columns, parsers, fields, strict=True):
            try:
                column.append(parse(text))
            except ValueError as error:
                raise SeriesUnusable(f"{path}, line {number}: {name} is {text!r}, but {error}") from error
    if not stamps:
        raise SeriesUnusable(f"{path} has no line after its header: nothing to score")
    trials = np.array(columns[2]) if exposure else None
    return Series(path, stamps, texts, np.array(columns[0], np.int64), np.array(columns[1]), trials)


def _lines(path: str, wanted: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and the wanted fields, stripped, of each line after the header."""
    try:
        with _open(path) as file:
            reader = csv.reader(file)
            header = [name.strip().lower() for name in next(reader, [])]
            at = _places(path, header, wanted)
            for row in reader:
                if not row:
                    continue
                if len(row) <= max(at):
                    raise SeriesUnusable(
                        f"{path}, line {reader.line_num}: {len(row)} fields, the header has {len(header)}"
                    )
                yield reader.line_num, [row[place].strip() for place in at]
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError, csv.Error) as error:
        raise FileUnreadable(f"{path} is damaged or no CSV: {error}") from error
    except OSError as error:
        raise FileUnreadable(f"cannot read {path}: {error.strerror or error}") from error


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


def _number(text: str) -> float:
    """Return a finite number, NaN for a missing one."""
    if text == "" or text.lower() == "nan":
        return math.nan
    number = _plain(text)
    if number is None:
        raise ValueError("a number is wanted, or nothing")
    if not math.isfinite(number):
        raise ValueError("a finite number is wanted")
    return number


def _plain(text: str) -> float | None:
    """Return the number that a text is; `1_000` is none."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _time_ms(zone: Zone) -> Callable[[str], float]:
    """Return the parser of timestamps, to epoch ms."""

    def parse(text: str) -> float:
        number = _plain(text)
        moment_ms = _iso_ms(text, zone) if number is None else _epoch_ms(number)
        if not YEARS[0] <= moment_ms / 1000 <= YEARS[1]:
            raise ValueError("a time between the years 2 and 9998 is wanted")
        return moment_ms

    return parse


def _epoch_ms(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("a finite number is wanted")
    return round(number) if abs(number) >= EPOCH_MS_FROM else round(number * 1000)


def _iso_ms(text: str, zone: Zone) -> float:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            "ISO 8601 like 2026-11-24T10:00:00Z, or epoch seconds or milliseconds, is wanted"
        ) from None
    if moment.tzinfo is not None:
        return round(moment.timestamp() * 1000)
    return zone.utc_ms(round(moment.replace(tzinfo=dt.UTC).timestamp() * 1000))


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
