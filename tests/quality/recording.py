"""The labelled web KPIs: real series, a value a minute, as they are or summed to counts of five minutes."""

import csv
import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.quality.gate import segments_of
from tests.quality.incident import inject
from tests.quality.made_up import BURN_IN_DAYS, DAY
from tests.quality.sample import Sample

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "kpi"
TUNING = ("01", "11", "22", "32", "43", "55")
TEST = ("05", "16", "26", "36", "50", "64")
GAP = (200, 420)  # points between injected incidents: about one a day
BURN_IN_MINUTES = 3 * 1440
NEAR = 25  # points around a label that are in doubt


class Recording(NamedTuple):
    """A KPI: epoch seconds of its first minute, value (NaN = missing) and label a minute."""

    name: str
    start_s: int
    value: np.ndarray
    label: np.ndarray


def read(name: str, folder: Path = FOLDER) -> Recording:
    """Read `timestamp,value,label`; minutes without a line are missing, and end no labelled segment."""
    with gzip.open(folder / f"kpi-{name}.csv.gz", "rt") as file:
        rows = list(csv.reader(file))[1:]
    at = np.array([int(float(row[0])) for row in rows])
    place = (at - at[0]) // 60
    value, told = np.full(place[-1] + 1, np.nan), np.array([float(row[2]) for row in rows])
    value[place] = [float(row[1]) if row[1] else np.nan for row in rows]
    minute = np.arange(len(value))
    before = (
        np.searchsorted(place, minute, side="right") - 1
    )  # the last line up to a minute, the next from it on
    label = np.minimum(told[before], told[np.searchsorted(place, minute)])
    return Recording(name, int(at[0]), value, label)


def start_of(recording: Recording, days: int) -> Recording:
    """Return the first days of a recording."""
    span = slice(days * 1440)
    return recording._replace(value=recording.value[span], label=recording.label[span])


def minutes(recording: Recording) -> Sample:
    """Return the KPI as it is, its labels the incidents to find."""
    spans, n = segments_of(recording.label), len(recording.value)
    return Sample(
        "value",
        f"kpi-{recording.name}",
        recording.value,
        None,
        spans,
        ["segment"] * len(spans),
        np.zeros(n, bool),
        BURN_IN_MINUTES,
        recording.start_s,
        60.0,
    )


def counts(recording: Recording, seed: int | None) -> Sample:
    """Return sums of 5 minutes with injected incidents (no seed: none); what is labelled is in doubt."""
    total, label = five_minutes(recording)
    doubt = np.convolve(label | np.isnan(total), np.ones(NEAR), "same") > 0
    x, spans, kinds = np.nan_to_num(total), [], []
    if seed is not None:
        rng = np.random.default_rng([seed, int(recording.name)])
        x, spans, kinds = inject(x, BURN_IN_DAYS * DAY, GAP, doubt, rng)
    x[np.isnan(total)] = np.nan
    group, burn_in = f"kpi-{recording.name}", BURN_IN_DAYS * DAY
    return Sample("count", group, x, None, spans, kinds, doubt, burn_in, recording.start_s, 300.0)


def five_minutes(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """Sum to 5 minutes, scaling up buckets with missing minutes; label = any minute labelled."""
    n = len(recording.value) // 5 * 5
    value, label = recording.value[:n].reshape(-1, 5), recording.label[:n].reshape(-1, 5)
    known = (~np.isnan(value)).sum(axis=1)
    total = np.where(known > 0, np.nansum(value, axis=1) * 5 / np.maximum(known, 1), np.nan)
    return total, label.any(axis=1)
