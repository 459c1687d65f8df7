"""A rule: what one monitor asks of the rows it owns, beside the detector."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.grading import Direction, Rules


@dataclass(frozen=True, slots=True)
class Rule:
    """Thresholds of one monitor (one level of it, for `window: auto`).

    volume_from, volume_to  mean events a window between which this level of an `auto` monitor speaks
    volume_min              events, seen or expected, below which an observation is not graded
    """

    monitor: str
    cuts: tuple[float, float, float, float]
    direction: Direction = "both"
    relative_min: float = 0.0
    absolute_min: float = 0.0
    volume_min: float = 0.0
    grade_max: int = 4
    persistence: int = 1
    resolve_after: int = 3
    volume_from: float = 0.0
    volume_to: float = math.inf


class RuleBook:
    """All rules of a bank as arrays, so that rows of many monitors are graded in one call."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._cuts = np.array([rule.cuts for rule in rules]).T
        self._up = np.array([rule.direction != "down" for rule in rules])
        self._down = np.array([rule.direction != "up" for rule in rules])
        self._numbers = np.array(
            [(r.relative_min, r.absolute_min, r.volume_min, r.volume_from, r.volume_to) for r in rules]
        ).T
        self._counts = np.array([(r.grade_max, r.persistence, r.resolve_after) for r in rules], np.int16).T
        self._last: tuple[NDArray[np.int16], Rules | None] = np.zeros(0, np.int16), None

    def __len__(self) -> int:
        return len(self._rules)

    def __getitem__(self, rule: int) -> Rule:
        return self._rules[rule]

    def of(self, rule: NDArray[np.int16]) -> Rules:
        """Return the thresholds of rows whose rules these are; not to be changed in place."""
        known, rules = self._last
        if rules is None or not np.array_equal(known, rule):
            rules = self._gathered(rule)
            self._last = rule.copy(), rules
        return rules

    def _gathered(self, rule: NDArray[np.int16]) -> Rules:
        relative, absolute, volume = self._numbers[:3, rule]
        grade_max = self._counts[0, rule].astype(np.int8)
        return Rules(
            self._cuts[:, rule], self._up[rule], self._down[rule], relative, absolute, volume, grade_max
        )

    def patience(self, rule: NDArray[np.int16]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Return (persistence, resolve_after) of rows."""
        return self._counts[1, rule], self._counts[2, rule]

    def speaks(self, rule: NDArray[np.int16], volume_mean: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Whether this level of an `auto` monitor is the one for a series of this mean volume."""
        speaks: NDArray[np.bool_] = volume_mean >= self._numbers[3, rule]
        speaks &= volume_mean < self._numbers[4, rule]
        return speaks
