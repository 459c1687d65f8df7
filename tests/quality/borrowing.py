"""Gate h, borrowing: thin series born into a running shop, the shape of the whole lent to them or not."""

from typing import NamedTuple

import numpy as np

from detectors.loan import NOBODY, Loan
from detectors.seasonal import Seasonal
from detectors.table import Context
from tests.quality.figures import Result, Row
from tests.quality.gate import Case, outcome_at
from tests.quality.incident import inject
from tests.quality.made_up import DAY, negative_binomial, shop_shape

TUNING, TEST = 27, 28  # seeds
SHOPS, EACH, MEANS = 3, 7, (0.2, 2.0, 20.0)  # children of each mean in a shop, one born on each day of a week
SHOP_MEAN, BORN, LIFE = 500.0, 21, 28  # of the parent; days: its age at the first birth, a child's life
DAYS = BORN + EACH + LIFE
ALIKE = 0.15  # how far the shape of a child strays from its parent's
FIRST, GAP = 0, (150, 450)  # points from birth at which gaps begin; between incidents
NATS, STRICT = 6.4, 9.4  # to be noted, grade IV
AGES = {"day 1": (0, 1), "days 2-3": (1, 3), "days 4-7": (3, 7), "days 8-14": (7, 14), "days 15-28": (14, 28)}
SHOWN = {"first week": (0, 7), "second week": (7, 14), "later": (14, 28)}


class Child(NamedTuple):
    """A series that begins with point `born` of its shop; `spans` count from there."""

    mean: float
    born: int
    values: np.ndarray
    spans: list[tuple[int, int]]
    kinds: list[str]


class Shop(NamedTuple):
    """The parent's counts and the children's, each child without incidents and with some."""

    whole: np.ndarray
    children: list[Child]


def shop(seed: tuple[int, ...], *, alike: bool = True) -> Shop:
    """Return a shop; if not `alike`, each child has a shape of its own."""
    rng = np.random.default_rng([*seed, int(alike)])
    shape = shop_shape(DAYS * DAY, rng)
    whole = negative_binomial(SHOP_MEAN * shape, 0.002, rng)
    children = []
    for mean in MEANS:
        for number in range(EACH):
            born = (BORN + number) * DAY + int(rng.integers(DAY))
            own = shape * _strays(rng) if alike else shop_shape(DAYS * DAY, rng)
            lived = own[born : born + LIFE * DAY]
            drawn = negative_binomial(mean * lived, rng.uniform(0.001, 0.006), rng)
            children.append(Child(mean, born, drawn, [], []))
            children.append(Child(mean, born, *inject(drawn, FIRST, GAP, np.zeros(len(drawn), bool), rng)))
    return Shop(whole, children)


def _strays(rng: np.random.Generator) -> np.ndarray:
    """Return the factors by which a child's shape differs: one wave a day, and days of the week."""
    day = np.arange(DAYS * DAY) / DAY
    wave = np.exp(rng.normal(0, ALIKE) * np.sin(2 * np.pi * (day + rng.uniform())))
    factors: np.ndarray = wave * rng.normal(1, 0.08, 7)[np.floor(day).astype(int) % 7]
    return factors


def judged(one: Shop, *, lending: bool) -> list[np.ndarray]:
    """Return a score per point of each child's life."""
    table, scores = Seasonal(), [np.full(len(child.values), np.nan) for child in one.children]
    parent, rows = table.add(1), table.add(len(one.children))
    births = np.array([child.born for child in one.children])
    for point, whole in enumerate(one.whole):
        here = np.flatnonzero((births <= point) & (point < births + LIFE * DAY))
        values = [whole, *(one.children[i].values[point - births[i]] for i in here)]
        asked = np.concatenate([parent, rows[here]])
        lender = np.where(asked == parent, NOBODY, 0)
        context = Context(300.0, 300.0 * point % 604_800, loan=Loan(parent, lender) if lending else None)
        said = table.score(asked, np.array(values), context).score
        table.learn(asked, np.array(values), context)
        for i, score in zip(here, said[1:], strict=True):
            scores[i][point - births[i]] = score
    return scores


class Found(NamedTuple):
    """Share of incidents found, false alarms per 1000 points of children without any."""

    share: float
    false: float


def found(
    shops: list[Shop], scores: list[list[np.ndarray]], age: tuple[int, int], nats: float, means: set[float]
) -> Found:
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
    """Judge shops whose children are like their parent, and shops where they are not."""
    rows, details, figures = [], [], {}
    for alike, what in ((True, "like the shop"), (False, "of another shape")):
        shops = [shop((TEST, n), alike=alike) for n in range(SHOPS)]
        scores = {lent: [judged(one, lending=lent) for one in shops] for lent in (False, True)}
        for age, days in SHOWN.items():
            alone, helped = (found(shops, scores[lent], days, NATS, set(MEANS)) for lent in (False, True))
            rows += [
                Row("h", f"{what}, {age}: recall at {NATS} nats", helped.share),
                Row("h", f"{what}, {age}: recall alone", alone.share),
                Row("h", f"{what}, {age}: FA/1000", helped.false, at_least=False),
                Row("h", f"{what}, {age}: FA/1000 alone", alone.false, at_least=False),
            ]
            figures[f"{what}, {age}"] = {"lent": helped._asdict(), "alone": alone._asdict()}
        details += [f"   {what}, {line}" for line in _by_mean(shops, scores)]
    return Result(rows, {"borrowing": figures}, details)


def _by_mean(shops: list[Shop], scores: dict[bool, list[list[np.ndarray]]]) -> list[str]:
    lines = []
    for mean in MEANS:
        for age, days in AGES.items():
            for nats in (NATS, STRICT):
                alone, lent = (found(shops, scores[flag], days, nats, {mean}) for flag in (False, True))
                lines.append(
                    f"mean {mean:4g} {age:10} at {nats}: recall {alone.share:.2f} -> {lent.share:.2f}"
                    f"  FA/1000 {alone.false:.2f} -> {lent.false:.2f}"
                )
    return lines
