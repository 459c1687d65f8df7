"""How good the seasonal detector is: labelled KPIs, real noise with injected incidents, made-up counts.

Run `python -m tests.quality.kpi [values|counts|synthetic|plain ...] [--folder ../shared/data/kpi]`.
"""

import argparse
import csv
import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detectors.seasonal import Seasonal
from detectors.table import Context, Kind
from tests.quality.gate import Case, line, outcome_at, outcome_at_false_rate, segments_of
from tests.quality.incident import inject

TUNING = ("01", "11", "22", "32", "43", "55")
TEST = ("05", "16", "26", "36", "50", "64")
FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "kpi"
DAY = 288  # points of 5 minutes
BURN_IN_DAYS = 14
SEEDS = (1, 2, 3)


class Recording(NamedTuple):
    """A KPI: epoch seconds of its first minute, value (NaN = missing) and label a minute."""

    start_s: int
    value: np.ndarray
    label: np.ndarray


def read(path: Path) -> Recording:
    """Read `timestamp,value,label`; minutes without a line are missing."""
    with gzip.open(path, "rt") as file:
        rows = list(csv.reader(file))[1:]
    at = np.array([int(float(row[0])) for row in rows])
    place = (at - at[0]) // 60
    value, label = np.full(place[-1] + 1, np.nan), np.zeros(place[-1] + 1)
    value[place] = [float(row[1]) if row[1] else np.nan for row in rows]
    label[place] = [float(row[2]) for row in rows]
    return Recording(int(at[0]), value, label)


def scores_of(kind: Kind, values: np.ndarray, start_s: np.ndarray, step_s: float) -> np.ndarray:
    """Score the rows of `values` (row, point; NaN = missing), each on its own clock."""
    table = Seasonal(kind)
    rows = table.add(len(values))
    out = np.full(values.shape, np.nan)
    week_s = (start_s + 3 * 86_400) % 604_800  # 1970-01-01 was a Thursday
    one_clock = (week_s == week_s[0]).all()
    for i, column in enumerate(values.T):
        here = ~np.isnan(column)
        if not here.any():
            continue
        clock = (week_s + i * step_s) % 604_800
        context = Context(step_s, float(clock[0]) if one_clock else clock[here])
        out[here, i] = table.score(rows[here], column[here], context).score
        table.learn(rows[here], column[here], context)
    return out


def padded(columns: list[np.ndarray]) -> np.ndarray:
    """Stack series of different lengths."""
    longest = max(map(len, columns))
    return np.stack([np.pad(c, (0, longest - len(c)), constant_values=np.nan) for c in columns])


def five_minutes(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """Sum to 5 minutes, scaling up buckets with missing minutes; label = any minute labelled."""
    n = len(recording.value) // 5 * 5
    value, label = recording.value[:n].reshape(-1, 5), recording.label[:n].reshape(-1, 5)
    known = (~np.isnan(value)).sum(axis=1)
    total = np.where(known > 0, np.nansum(value, axis=1) * 5 / np.maximum(known, 1), np.nan)
    return total, label.any(axis=1)


def report_values(recordings: dict[str, Recording]) -> None:
    """KPIs as they are, a minute a point, first three days not judged."""
    values = padded([r.value for r in recordings.values()])
    starts = np.array([r.start_s for r in recordings.values()])
    scores = scores_of("value", values, starts, 60.0)
    cases = []
    for score, recording in zip(scores, recordings.values(), strict=True):
        score[: 3 * 1440] = np.nan
        spans = segments_of(recording.label)
        shown = score[: len(recording.value)]
        cases.append(Case(shown, spans, np.zeros(len(shown), bool), ["segment"] * len(spans)))
    for rate, reference in ((0.5, ".758"), (0.1, ".699"), (0.02, ".504")):
        print(line(f"KPIs as values at {rate}", outcome_at_false_rate(cases, rate), f"recipe {reference}"))


def report_counts(recordings: dict[str, Recording], half: str, reference: tuple[str, str]) -> None:
    """Real noise with an incident a day or so, run as counts of 5 minutes."""
    series, starts, truths = [], [], []
    for seed in SEEDS:
        for name, recording in recordings.items():
            total, label = five_minutes(recording)
            doubt = np.convolve(label | np.isnan(total), np.ones(25), "same") > 0
            rng = np.random.default_rng([seed, int(name)])
            filled = np.nan_to_num(total)
            x, spans, kinds = inject(filled, BURN_IN_DAYS * DAY, (200, 420), doubt, rng)
            x[np.isnan(total)] = np.nan
            series.append(x)
            starts.append(recording.start_s)
            truths.append((spans, kinds, doubt))
    cases = judged_cases("count", series, np.array(starts), truths)
    print(f"{sum(len(c.incidents) for c in cases)} incidents")
    for rate, figure in zip((0.3, 0.1), reference, strict=True):
        outcome = outcome_at_false_rate(cases, rate)
        print(line(f"real noise, {half}, at {rate}", outcome, f"recipe {figure}"))
        print("   ", "  ".join(f"{kind} {share:.2f}" for kind, share in outcome.by_kind.items()))
    for threshold in (6.4, 8.0, 9.4, 11.0, 12.7):
        print(line(f"  threshold {threshold}", outcome_at(cases, threshold)))


def report_synthetic() -> None:
    """Made-up negative-binomial counts with a daily and a weekly shape."""
    series, truths = [], []
    for i, mean in enumerate(np.repeat([0.2, 2.0, 20.0, 200.0, 2000.0], 16)):
        rng = np.random.default_rng([7, i])
        expected = shop_shape(42 * DAY, rng) * mean
        drawn = negative_binomial(expected, 0.003, rng)
        quiet = np.zeros(len(drawn), bool)
        x, spans, kinds = inject(drawn, BURN_IN_DAYS * DAY, (400, 900), quiet, rng)
        series.append(x)
        truths.append((spans, kinds, quiet))
    cases = judged_cases("count", series, np.zeros(len(series)), truths)
    for rate, figure in ((0.5, ".70"), (0.1, ".65")):
        outcome = outcome_at_false_rate(cases, rate)
        print(line(f"synthetic at {rate}", outcome, f"recipe {figure}"))
        print("   ", "  ".join(f"{kind} {share:.2f}" for kind, share in outcome.by_kind.items()))
        for k, mean in enumerate((0.2, 2, 20, 200, 2000)):
            print(line(f"    mean {mean}", outcome_at(cases[16 * k : 16 * k + 16], outcome.threshold)))


def judged_cases(kind: Kind, series: list[np.ndarray], starts: np.ndarray, truths: list) -> list[Case]:
    """Score and leave out the burn-in."""
    scores = scores_of(kind, padded(series), starts, 300.0)
    scores[:, : BURN_IN_DAYS * DAY] = np.nan
    return [
        Case(score[: len(x)], spans, doubt, kinds)
        for score, x, (spans, kinds, doubt) in zip(scores, series, truths, strict=True)
    ]


def shop_shape(points: int, rng: np.random.Generator) -> np.ndarray:
    """Return a daily and weekly shape around 1."""
    day = np.arange(points) / DAY
    phase, depth = rng.uniform(0, 1), rng.uniform(0.4, 0.85)
    daily = 1 + depth * np.sin(2 * np.pi * (day + phase)) + 0.2 * np.sin(4 * np.pi * (day + 2 * phase))
    weekday = rng.normal(1, 0.08, 7)
    weekday[5:] *= rng.uniform(0.6, 1.3)
    return np.maximum(daily, 0.05) * weekday[np.floor(day).astype(int) % 7]


def negative_binomial(mean: np.ndarray, slope: float, rng: np.random.Generator) -> np.ndarray:
    """Draw counts of variance mean + slope * mean^2."""
    return rng.poisson(mean * rng.gamma(1 / slope, slope, len(mean))).astype(float)


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["values", "counts", "synthetic"])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args()
    if "synthetic" in asked.parts:
        report_synthetic()
    needed = {"values", "counts"} & set(asked.parts)
    if not needed:
        return
    recordings = {name: read(asked.folder / f"kpi-{name}.csv.gz") for name in TUNING + TEST}
    if "counts" in needed:
        report_counts({n: recordings[n] for n in TUNING}, "tuning", (".848", ".711"))
        report_counts({n: recordings[n] for n in TEST}, "test", (".852", ".716"))
    if "values" in needed:
        report_values(recordings)


if __name__ == "__main__":
    main()
