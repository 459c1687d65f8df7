"""Gate h, borrowing: thin series born into a running shop, the shape of others lent to them or not."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from detectors.loan import NOBODY, Loan
from detectors.seasonal import Seasonal
from detectors.table import Context
from tests.quality.figures import Result, Row
from tests.quality.gate import Case, outcome_at
from tests.quality.kin import DAYS, MEANS, Shop, Sort, shop
from tests.quality.made_up import DAY

TUNING, TEST = 27, 28  # seeds
SHOPS = 3
NATS, STRICT = 6.4, 9.4  # to be noted, grade IV
Lender = Literal["nobody", "the shop", "the category"]
LENDERS: dict[Sort, tuple[Lender, ...]] = {
    "like the shop": ("nobody", "the shop"),
    "of another shape": ("nobody", "the shop"),
    "of a category": ("nobody", "the shop", "the category"),
}
AGES = {"day 1": (0, 1), "days 2-3": (1, 3), "days 4-7": (3, 7), "days 8-14": (7, 14), "days 15-28": (14, 28)}
SHOWN = {"first week": (0, 7), "second week": (7, 14), "later": (14, 28)}
Scores = list[list[np.ndarray]]  # by shop and child


class Series(NamedTuple):
    """A row of the table: its counts from point `born` on, and the row that lends to it."""

    values: np.ndarray
    born: int
    lender: int


def judged(shops: Sequence[Shop], lenders: Sequence[Lender]) -> dict[Lender, Scores]:
    """Return, for each lender, a score per point of each child's life: all of them in one table."""
    series: list[Series] = []
    children: dict[Lender, list[slice]] = {who: [] for who in lenders}
    for one in shops:
        places = {"nobody": NOBODY, "the shop": len(series), "the category": len(series) + 1}
        series.append(Series(one.whole, 0, NOBODY))
        if one.category is not None:
            series.append(Series(one.category, 0, places["the shop"]))
        for who in lenders:
            children[who].append(slice(len(series), len(series) + len(one.children)))
            series += [Series(child.values, child.born, places[who]) for child in one.children]
    scores = _scores(series)
    return {who: [scores[part] for part in parts] for who, parts in children.items()}


def _scores(series: Sequence[Series]) -> list[np.ndarray]:
    """Return a score per point of each series."""
    table, values = Seasonal(), np.full((DAYS * DAY, len(series)), np.nan)
    rows, lender = table.add(len(series)), np.array([one.lender for one in series])
    for at, one in enumerate(series):
        values[one.born : one.born + len(one.values), at] = one.values
    lending = np.unique(lender[lender != NOBODY])
    place = np.full(len(series) + 1, NOBODY)  # the last one is NOBODY's
    place[lending] = np.arange(len(lending))
    scores = np.full(values.shape, np.nan)
    for point, now in enumerate(values):
        here = np.flatnonzero(~np.isnan(now))
        loan = Loan(rows[lending], place[lender[here]], place[lender[lending]])
        context = Context(300.0, 300.0 * point % 604_800, loan=loan)
        scores[point, here] = table.score(rows[here], now[here], context).score
        table.learn(rows[here], now[here], context)
    return [scores[one.born : one.born + len(one.values), at] for at, one in enumerate(series)]


class Found(NamedTuple):
    """Share of incidents found, false alarms per 1000 points of children without any."""

    share: float
    false: float


def found(shops: list[Shop], scores: Scores, age: tuple[int, int], nats: float, means: set[float]) -> Found:
    """Return what is found at an age (days), of children of these means."""
    some: list[list[Case]] = [[], []]
    for one, each in zip(shops, scores, strict=True):
        for child, score in zip(one.children, each, strict=True):
            if child.mean in means:
                masked = np.full(len(score), np.nan)
                at = slice(age[0] * DAY, age[1] * DAY)
                masked[at] = score[at]
                case = Case(masked, child.spans, np.zeros(len(score), bool), child.kinds)
                some[bool(child.spans)].append(case)
    return Found(outcome_at(some[1], nats).started, outcome_at(some[0], nats).false_per_1000)


def gate() -> Result:
    """Judge shops whose children are like their parent, like none, and like their category only."""
    rows, details, figures = [], [], {}
    for sort, lenders in LENDERS.items():
        shops = [shop((TEST, n), sort) for n in range(SHOPS)]
        scores = judged(shops, lenders)
        for age, days in SHOWN.items():
            seen = {who: found(shops, scores[who], days, NATS, set(MEANS)) for who in lenders}
            rows += [row for who, one in seen.items() for row in _rows(f"{sort}, {age}", who, one)]
            figures[f"{sort}, {age}"] = {who: one._asdict() for who, one in seen.items()}
        details += [f"   {sort}, {line}" for line in _by_mean(shops, scores)]
    return Result(rows, {"borrowing": figures}, details)


def _rows(what: str, who: Lender, one: Found) -> tuple[Row, Row]:
    return (
        Row("h", f"{what}: recall at {NATS} nats, lent by {who}", one.share),
        Row("h", f"{what}: FA/1000, lent by {who}", one.false, at_least=False),
    )


def _by_mean(shops: list[Shop], scores: dict[Lender, Scores]) -> list[str]:
    lines = []
    for mean in MEANS:
        for age, days in AGES.items():
            for nats in (NATS, STRICT):
                seen = [found(shops, each, days, nats, {mean}) for each in scores.values()]
                recall = " -> ".join(f"{one.share:.2f}" for one in seen)
                false = " -> ".join(f"{one.false:.2f}" for one in seen)
                lines.append(f"mean {mean:4g} {age:10} at {nats}: recall {recall}  FA/1000 {false}")
    return lines
