"""Chance: seeded draws that depend on what they are for and on when, never on what was drawn before."""

from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray


def generator(seed: int, purpose: str, index: int) -> np.random.Generator:
    """Return the generator of one purpose in one span of time (a chunk, an hour, a day).

    Draws for one purpose never move those of another: a fault, or another start, leaves the rest as it was.
    """
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([seed, crc32(purpose.encode()), index]))
    )


def gust(seed: int, purpose: str, index: int, spread: float) -> float:
    """Return a Gamma factor of mean 1 and standard deviation `spread`: what makes counts over-dispersed."""
    if spread <= 0:
        return 1.0
    shape = 1 / spread**2
    return float(generator(seed, purpose, index).gamma(shape, 1 / shape))


@dataclass(frozen=True)
class Mix:
    """Names and how often each is met; shares are relative."""

    parts: dict[str, float]

    @cached_property
    def names(self) -> NDArray[np.object_]:
        """Return the names as an array, to be indexed by the codes of `draw`."""
        return np.array(list(self.parts), dtype=object)

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """Return the shares, summing to 1."""
        weights = np.array(list(self.parts.values()), dtype=np.float64)
        return np.asarray(weights / weights.sum(), dtype=np.float64)

    def pick(self, uniform: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the code that each number in [0, 1) falls on."""
        codes = np.searchsorted(self._bounds, uniform, side="right")
        return np.minimum(codes, len(self.parts) - 1)

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.int64]:
        """Return `size` codes."""
        return self.pick(rng.random(size))

    @cached_property
    def _bounds(self) -> NDArray[np.float64]:
        return np.cumsum(self.shares)
