"""Hard bounds, one per grade: what people know to be wrong, without learning."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from detectors.alert import GRADE_NAMES
from detectors.table import Context, Floats, Judgement, Kind, Rows, Table, require_finite

Bounds = Mapping[str, float]  # grade name -> bound, in the unit of the value (a ratio: of value / exposure)


class Side:
    """The bounds of one side as a curve from badness to nats.

    Badness grows away from the expected side. Before the mildest bound 0 nats; at the bound of a grade the
    cut of that grade; between two bounds a line that stays below the next grade, also where bounds of grades
    between are left out; after the last bound flat.
    """

    def __init__(self, bounds: Bounds, cuts: tuple[float, float, float, float], sign: int) -> None:
        """Raise ValueError if a grade is unknown, a bound not finite, or a worse grade has a milder bound."""
        names = GRADE_NAMES[1:]
        if unknown := sorted(set(map(str, bounds)) - set(names)):
            raise ValueError(f"threshold: unknown grade {unknown[0]!r}; allowed are {', '.join(names)}")
        grades = [grade for grade, name in enumerate(names) if name in bounds]
        self._bounds = sign * np.array([bounds[names[grade]] for grade in grades], dtype=float)
        if not np.isfinite(self._bounds).all() or (np.diff(self._bounds) <= 0).any():
            order = "rise" if sign > 0 else "fall"
            raise ValueError(f"threshold: bounds must be finite and {order} from IV to I, got {dict(bounds)}")
        ends = np.array([*cuts, np.inf])
        self._low = np.array([0.0] + [cuts[grade] for grade in grades])
        self._high = np.array([0.0] + [np.nextafter(ends[grade + 1], 0) for grade in grades])
        self._high[-1] = self._low[-1]
        self._sign = sign

    @property
    def mildest(self) -> float:
        """Return the bound nearest to the expected side; NaN without bounds."""
        return float(self._sign * self._bounds[0]) if self._bounds.size else np.nan

    def nats(self, values: Floats) -> Floats:
        """Return the nats of each value, same shape."""
        badness = self._sign * values
        passed = np.searchsorted(self._bounds, badness, side="right")
        start = np.concatenate(([0.0], self._bounds))[passed]
        width = np.concatenate(([1.0], np.diff(self._bounds), [1.0]))[passed]
        share = np.clip((badness - start) / width, 0.0, 1.0)
        low, high = self._low[passed], self._high[passed]
        nats: Floats = np.minimum(low + share * (high - low), high)
        return nats


class Threshold(Table):
    """Compare values (ratios: value / exposure) with bounds above and below.

    State: none; there is no warm-up and nothing is learned. A ratio without trials gives 0 nats.
    """

    NAME: ClassVar[str] = "threshold"
    CAUTIOUS: ClassVar[bool] = False

    def __init__(
        self,
        kind: Kind,
        grades: tuple[float, float, float, float],
        *,
        above: Bounds | None = None,
        below: Bounds | None = None,
    ) -> None:
        """Take bounds per grade, e.g. above={"IV": 3, "I": 20}; grades: the nats at which each grade begins.

        Raises ValueError if there is no bound, or the bounds of a side do not get worse from IV to I.
        """
        super().__init__(kind, {})
        if not above and not below:
            raise ValueError(
                "threshold: give bounds, e.g. {threshold: {above: {IV: 3, III: 5, II: 8, I: 20}}}"
            )
        self._above = Side(above or {}, grades, 1)
        self._below = Side(below or {}, grades, -1)

    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """Judge at once, from the first value on."""
        require_finite(values, context)
        shown = _per_trial(values, context.exposure) if self.kind == "ratio" else values
        band = np.ones(len(rows))
        return Judgement(
            up=np.where(np.isfinite(shown), self._above.nats(shown), 0.0),
            down=np.where(np.isfinite(shown), self._below.nats(shown), 0.0),
            expected=np.nan * band,
            lower=self._below.mildest * band,
            upper=self._above.mildest * band,
        )

    def learn(self, rows: Rows, values: Floats, context: Context) -> None:  # noqa: ARG002 (the contract's)
        """Check the values; bounds do not learn."""
        require_finite(values, context)

    def judge_again(self, old: Judgement, values: Floats) -> Judgement:
        """Compare with the same bounds."""
        return old._replace(up=self._above.nats(values), down=self._below.nats(values))


def _per_trial(values: Floats, exposure: Floats | None) -> Floats:
    """Return value / exposure, NaN without trials."""
    if exposure is None:
        return values
    ratio: Floats = np.divide(values, exposure, out=np.full(len(values), np.nan), where=exposure > 0)
    return ratio
