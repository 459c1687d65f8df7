"""What the alert budget costs and saves: real noise with and without injected incidents, judged by banks.

Run `python -m tests.quality.budget [--folder ../shared/data/kpi]`. The detector was tuned on recordings 01 11
22 32 43 55; 05 16 26 36 50 64 are the test; the budget was tuned on neither. Two weeks are learned first.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detectors.alert import Alert
from detectors.bank import Bank, Window
from detectors.grading import CUTS
from detectors.phase import GROWN_S
from detectors.rule import Rule
from detectors.seasonal import Seasonal
from detectors.table import Context
from streams.notify.budget import Budget
from streams.settings.model import Metric, Monitor, Settings
from tests.quality.figures import record
from tests.quality.gate import TOLERANCE
from tests.quality.incident import inject
from tests.quality.kpi import (
    BURN_IN_DAYS,
    DAY,
    FOLDER,
    SEEDS,
    TEST,
    TUNING,
    Recording,
    five_minutes,
    padded,
    read,
)

STEP_MS = 300_000
FIRST = BURN_IN_DAYS * DAY
SHOP = Settings(
    metrics={"kpi": Metric(event="metric", count=True)}, monitors=[Monitor(name="kpi", metric="kpi")]
)


class Free(Seasonal):
    """Seasonal without cold start and budget."""

    CAUTIOUS = False


class Shop(NamedTuple):
    """Series (row, point; NaN = missing), where each week begins (s), incidents, and unlabelled doubt."""

    values: np.ndarray
    starts_s: np.ndarray
    spans: list[list[tuple[int, int]]]
    doubt: np.ndarray


class Rise(NamedTuple):
    """A series' grade rose, at a point, to `grade`, at a score; also from one grade to the next."""

    row: int
    at: int
    grade: int
    before: int
    score: float


def shop_of(recordings: dict[str, Recording], *, injected: bool, seed: int) -> Shop:
    """Return the recordings summed to five minutes, with an incident a day or as they are."""
    series, spans, doubts = [], [], []
    for name, recording in recordings.items():
        total, label = five_minutes(recording)
        doubt = np.convolve(label | np.isnan(total), np.ones(25), "same") > 0
        rng, found = np.random.default_rng([seed, int(name)]), []
        if injected:
            gaps = np.isnan(total)
            total, found, _ = inject(np.nan_to_num(total), FIRST, (200, 420), doubt, rng)
            total[gaps] = np.nan
        series.append(total)
        spans.append(found)
        doubts.append(doubt)
    starts = np.array([recording.start_s for recording in recordings.values()])
    return Shop(padded(series), (starts + 3 * 86_400) % 604_800, spans, padded(doubts) > 0)


def rises(shop: Shop, table: Seasonal) -> list[Rise]:
    """Judge the shop's series after the burn-in, all at once."""
    bank, found = Bank(table, [Rule("kpi", CUTS["count"])]), []
    rows = bank.admit(0, len(shop.values))
    bank.members["age_s"][rows] = GROWN_S
    for point, column in enumerate(shop.values.T):
        here = np.flatnonzero(~np.isnan(column))
        if not len(here):
            continue
        context = Context(300.0, (shop.starts_s[here] + point * 300.0) % 604_800)
        before = bank.life["grade"][rows[here]].copy()
        window = Window(point * STEP_MS + STEP_MS, (point + 2) * STEP_MS)
        verdict = bank.judge(rows[here], column[here], column[here], context, window)
        for i in np.flatnonzero(verdict.grade > before):
            rise = Rise(int(here[i]), point, int(verdict.grade[i]), int(before[i]), float(verdict.score[i]))
            found.append(rise)
    return [rise for rise in found if rise.at >= FIRST]


def told(found: list[Rise]) -> list[Rise]:
    """Return the grades that people are told of, an incident an alert, by the budget of notify."""
    budget, again = Budget(SHOP), []
    for rise in found:
        end_ms = rise.at * STEP_MS
        weighed = budget.weighed(_alert(rise), budget.owed(end_ms))
        budget.spend([weighed], rise.before)
        again.append(rise._replace(grade=weighed.grade))
    return again


def _alert(rise: Rise) -> Alert:
    at_ms = rise.at * STEP_MS
    return Alert(
        alert_id=f"{rise.row}-{rise.at}",
        transition="escalated" if rise.before else "opened",
        sequence=0,
        monitor="kpi",
        kind="other",
        metric="kpi",
        entity="",
        grade=rise.grade,
        window_start_ms=at_ms - STEP_MS,
        window_end_ms=at_ms,
        since_ms=at_ms - STEP_MS,
        actual=None,
        expected=None,
        lower=None,
        upper=None,
        score=rise.score,
    )


def figures(shop: Shop, found: list[Rise]) -> dict[str, list[float]]:
    """Return, by grade IV to I: false alerts per 1000 series-days, and incidents in which it was reached."""
    days = float((~np.isnan(shop.values[:, FIRST:])).sum()) / DAY
    incidents = sum(map(len, shop.spans))
    inside = [_incident(shop, rise) for rise in found]
    false, recall = [], []
    for grade in (1, 2, 3, 4):
        reached = [
            (rise, hit) for rise, hit in zip(found, inside, strict=True) if rise.before < grade <= rise.grade
        ]
        wrong = [rise for rise, hit in reached if hit is None and not shop.doubt[rise.row, rise.at]]
        false.append(round(1000 * len(wrong) / days, 1))
        hits = {(rise.row, hit) for rise, hit in reached if hit is not None}
        recall.append(round(len(hits) / incidents, 3) if incidents else float("nan"))
    return {"false": false, "recall": recall}


def _incident(shop: Shop, rise: Rise) -> int | None:
    spans = shop.spans[rise.row]
    return next((i for i, (a, b) in enumerate(spans) if a <= rise.at < b + TOLERANCE), None)


def report(name: str, recordings: dict[str, Recording]) -> dict[str, object]:
    """Print and return the figures without a budget, with that of detect, and with both."""
    result: dict[str, object] = {}
    for injected in (False, True):
        seeds = SEEDS if injected else SEEDS[:1]
        shops = [shop_of(recordings, injected=injected, seed=seed) for seed in seeds]
        ways = {"none": [], "detect": [], "both": []}
        for shop in shops:
            free, dear = rises(shop, Free("count")), rises(shop, Seasonal("count"))
            for way, found in (("none", free), ("detect", dear), ("both", told(dear))):
                ways[way].append(figures(shop, found))
        for way, each in ways.items():
            mean = {key: np.mean([one[key] for one in each], axis=0).round(3).tolist() for key in each[0]}
            title = f"{name}, {'an incident a day' if injected else 'no incidents'}, budget {way}"
            print(f"{title:<48} false alerts per 1000 series-days {mean['false']}  recall {mean['recall']}")
            result[f"{'injected' if injected else 'clean'} {way}"] = mean
    return result


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    found = {}
    for name, half in (("tuning", TUNING), ("test", TEST)):
        found[name] = report(name, {n: read(folder / f"kpi-{n}.csv.gz") for n in half})
    record("budget", found)


if __name__ == "__main__":
    main()
