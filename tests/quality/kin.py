"""Kin: made-up shops, and thin series born into them: like the shop, like their category, or like none."""

from typing import Literal, NamedTuple, get_args

import numpy as np

from tests.quality.incident import inject
from tests.quality.made_up import DAY, negative_binomial, shop_shape

EACH, MEANS = 7, (0.2, 2.0, 20.0)  # children of each mean in a shop, one born on each day of a week
SHOP_MEAN, BORN, LIFE = 500.0, 21, 28  # of the parent; days: its age at the first birth, a child's life
CATEGORY_MEAN = 20.0  # of what else is sold of the children's category in their partition
DAYS = BORN + EACH + LIFE
ALIKE = 0.15  # how far the shape of a child strays from that of its shop or category
FIRST, GAP = 0, (150, 450)  # points from birth at which gaps begin; between incidents
Sort = Literal["of another shape", "like the shop", "of a category"]
SORTS: tuple[Sort, ...] = get_args(Sort)


class Child(NamedTuple):
    """A series that begins with point `born` of its shop; `spans` count from there."""

    mean: float
    born: int
    values: np.ndarray
    spans: list[tuple[int, int]]
    kinds: list[str]


class Shop(NamedTuple):
    """The counts of the whole and of its children, each child without incidents and with some.

    category  of the children and others like them in their partition; None: the events tell none
    """

    whole: np.ndarray
    children: list[Child]
    category: np.ndarray | None = None


def shop(seed: tuple[int, ...], sort: Sort) -> Shop:
    """Return a shop whose children are all of a sort."""
    rng = np.random.default_rng([*seed, SORTS.index(sort)])
    shape = shop_shape(DAYS * DAY, rng)
    whole = negative_binomial(SHOP_MEAN * shape, 0.002, rng)
    likeness = shop_shape(DAYS * DAY, rng) if sort == "of a category" else shape
    children = []
    for mean in MEANS:
        for number in range(EACH):
            born = (BORN + number) * DAY + int(rng.integers(DAY))
            own = shop_shape(DAYS * DAY, rng) if sort == "of another shape" else likeness * _strays(rng)
            lived = own[born : born + LIFE * DAY]
            drawn = negative_binomial(mean * lived, rng.uniform(0.001, 0.006), rng)
            children.append(Child(mean, born, drawn, [], []))
            children.append(Child(mean, born, *inject(drawn, FIRST, GAP, np.zeros(len(drawn), bool), rng)))
    return Shop(whole, children, _category(children, likeness, rng) if sort == "of a category" else None)


def _category(children: list[Child], likeness: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return what is sold of a category: its old articles, and the young ones with their incidents."""
    sold = negative_binomial(CATEGORY_MEAN * likeness, 0.002, rng)
    for child in children[1::2]:
        sold[child.born : child.born + len(child.values)] += child.values
    return sold


def _strays(rng: np.random.Generator) -> np.ndarray:
    """Return the factors by which a child's shape differs: one wave a day, and days of the week."""
    day = np.arange(DAYS * DAY) / DAY
    wave = np.exp(rng.normal(0, ALIKE) * np.sin(2 * np.pi * (day + rng.uniform())))
    factors: np.ndarray = wave * rng.normal(1, 0.08, 7)[np.floor(day).astype(int) % 7]
    return factors
