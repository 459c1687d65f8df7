"""Gate f, what the alert budget costs and saves: real noise with and without incidents, judged by banks.

The test files of gate b with its seeds; the budget was tuned on none of the recordings.
"""

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
from tests.quality.figures import Result, Row
from tests.quality.gate import TOLERANCE
from tests.quality.made_up import DAY
from tests.quality.real_noise import TEST_SEEDS, samples_of
from tests.quality.recording import TEST
from tests.quality.sample import THURSDAY_S, WEEK_S, Sample

STEP_MS = 300_000
GRADES = (1, 2, 3, 4)  # IV to I
LOSS = 0.02  # of recall
SHOP = Settings(
    metrics={"kpi": Metric(event="metric", count=True)}, monitors=[Monitor(name="kpi", metric="kpi")]
)


class Free(Seasonal):
    """Seasonal without cold start and budget."""

    CAUTIOUS = False


class Rise(NamedTuple):
    """The grade of a series rose, at a point, from `before` to `grade`, at a score."""

    row: int
    at: int
    grade: int
    before: int
    score: float


def gate() -> Result:
    """Judge without a budget, with that of detect, and with that of notify as well."""
    figures = {
        "without_incidents": _ways([samples_of(TEST, (None,))]),
        "with_incidents": _ways([samples_of(TEST, (seed,)) for seed in TEST_SEEDS]),
    }
    free, both = (figures["with_incidents"][way] for way in ("none", "both"))
    lost = [before - after for before, after in zip(free["recall"], both["recall"], strict=True)]
    rows = [Row("f", "alert budget, recall it costs", max(lost), LOSS, at_least=False)]
    details = [
        f"   budget {way:8}{name:20} false IV-I per 1000 series-days {one['false']}  recall {one['recall']}"
        for name, ways in figures.items()
        for way, one in ways.items()
    ]
    normal = {
        f"real_{when}_budget": figures["without_incidents"][way]["false"]
        for when, way in (("before", "none"), ("after", "both"))
    }
    suppressed = {"of_found": [loss / max(one, 1e-9) for loss, one in zip(lost, free["recall"], strict=True)]}
    return Result(rows, {"budget": {**figures, "suppressed": suppressed}, "normal": normal}, details)


def _ways(shops: list[list[Sample]]) -> dict[str, dict[str, list[float]]]:
    """Return the figures of each way, the mean over shops."""
    ways: dict[str, list[dict[str, list[float]]]] = {"none": [], "detect": [], "both": []}
    for shop in shops:
        free, dear = _rises(shop, Free("count")), _rises(shop, Seasonal("count"))
        for way, found in (("none", free), ("detect", dear), ("both", _told(dear))):
            ways[way].append(_figures(shop, found))
    return {
        way: {key: np.mean([one[key] for one in each], axis=0).round(3).tolist() for key in each[0]}
        for way, each in ways.items()
    }


def _rises(shop: list[Sample], table: Seasonal) -> list[Rise]:
    """Judge the series of a shop after the burn-in, all at once."""
    bank, found = Bank(table, [Rule("kpi", CUTS["count"])]), []
    rows = bank.admit(0, len(shop))
    bank.members["age_s"][rows] = GROWN_S
    weeks_s = (np.array([sample.start_s for sample in shop]) + THURSDAY_S) % WEEK_S
    values = np.full((max(len(sample.values) for sample in shop), len(shop)), np.nan)
    for at, sample in enumerate(shop):
        values[: len(sample.values), at] = sample.values
    for point, column in enumerate(values):
        here = np.flatnonzero(~np.isnan(column))
        if not len(here):
            continue
        context = Context(300.0, (weeks_s[here] + point * 300.0) % WEEK_S)
        before = bank.life["grade"][rows[here]].copy()
        window = Window((point + 1) * STEP_MS, (point + 2) * STEP_MS)
        verdict = bank.judge(rows[here], column[here], column[here], context, window)
        for i in np.flatnonzero(verdict.grade > before):
            rise = Rise(int(here[i]), point, int(verdict.grade[i]), int(before[i]), float(verdict.score[i]))
            found.append(rise)
    return [rise for rise in found if rise.at >= shop[rise.row].burn_in]


def _told(found: list[Rise]) -> list[Rise]:
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


def _figures(shop: list[Sample], found: list[Rise]) -> dict[str, list[float]]:
    """Return, by grade IV to I: false alerts per 1000 series-days, and incidents in which it was reached."""
    days = sum(int((~np.isnan(sample.values[sample.burn_in :])).sum()) for sample in shop) / DAY
    incidents = sum(len(sample.spans) for sample in shop)
    inside = [_incident(shop[rise.row], rise) for rise in found]
    false, recall = [], []
    for grade in GRADES:
        reached = [
            (rise, hit) for rise, hit in zip(found, inside, strict=True) if rise.before < grade <= rise.grade
        ]
        wrong = [rise for rise, hit in reached if hit is None and not shop[rise.row].doubt[rise.at]]
        false.append(round(1000 * len(wrong) / days, 1))
        hits = {(rise.row, hit) for rise, hit in reached if hit is not None}
        recall.append(len(hits) / incidents if incidents else float("nan"))
    return {"false": false, "recall": recall}


def _incident(sample: Sample, rise: Rise) -> int | None:
    return next((i for i, (a, b) in enumerate(sample.spans) if a <= rise.at < b + TOLERANCE), None)
