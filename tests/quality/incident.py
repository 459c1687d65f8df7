"""Incidents to inject into a recorded or made-up series of counts, or of a ratio's successes."""

from collections.abc import Callable

import numpy as np

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def _times(factor: float) -> Change:
    def change(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if factor <= 1:
            return _thinned(x, factor, rng)
        return x * factor

    return change


def _ramp(factor: float) -> Change:
    def change(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        steps = np.linspace(1, factor, len(x))
        return np.array([_times(float(f))(x[i : i + 1], rng)[0] for i, f in enumerate(steps)])

    return change


def _stuck(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.full_like(x, x[0])


def _thinned(x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Lose events one by one, so that small counts stay counts."""
    whole = np.floor(x).astype(int)
    return rng.binomial(np.maximum(whole, 0), share) + (x - whole) * share


Kinds = dict[str, tuple[Change, tuple[int, int]]]  # change, least and most points of 5 minutes

COUNT_KINDS: Kinds = {
    "drop 30 %": (_times(0.7), (12, 48)),
    "drop 60 %": (_times(0.4), (6, 36)),
    "outage": (_times(0.0), (6, 36)),
    "x1.5": (_times(1.5), (12, 48)),
    "x1.8": (_times(1.8), (6, 36)),
    "x3": (_times(3.0), (6, 24)),
    "-20 % for 6 h": (_times(0.8), (72, 73)),
    "leak -40 %": (_ramp(0.6), (144, 145)),
    "stuck": (_stuck, (18, 36)),
    "ramp +60 %": (_ramp(1.6), (72, 73)),
}
RATIO_KINDS: Kinds = {
    "ratio -30 %": (_times(0.7), (12, 48)),
    "ratio -60 %": (_times(0.4), (6, 36)),
}


def inject(
    x: np.ndarray,
    first: int,
    gap: tuple[int, int],
    avoid: np.ndarray,
    rng: np.random.Generator,
    *,
    known: Kinds = COUNT_KINDS,
) -> tuple[np.ndarray, list[tuple[int, int]], list[str]]:
    """Return x with incidents from point `first` on, `gap` points apart, none where `avoid` holds."""
    x, spans, kinds = x.astype(float).copy(), [], []
    at = first + int(rng.integers(*gap))
    while True:
        kind = str(rng.choice(list(known)))
        change, (least, most) = known[kind]
        end = at + int(rng.integers(least, most))
        if end + 20 >= len(x):
            return x, spans, kinds
        if not avoid[at - 12 : end + 12].any():
            x[at:end] = np.maximum(change(x[at:end], rng), 0)
            spans.append((at, end))
            kinds.append(kind)
        at = end + int(rng.integers(*gap))
