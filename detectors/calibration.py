"""Calibration: turns raw strangeness into nats, by a tail that each row learns for itself."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np

from detectors.cells import Cells, Column32
from detectors.columns import Column


@dataclass(frozen=True, slots=True)
class Tail:
    """Nats of a raw score v >= 0 above a tracked quantile Q, from a tail learned per row.

    Excess over Q is exponential (`linear`) or Pareto (`log`: exponential in ln(v / Q)), its mean under a
    Gamma posterior with `prior_n` pseudo-exceedances of mean `prior_mean`: few exceedances, a heavy tail.
    `score` = -ln(1 - quantile) + (N + prior_n + 1) ln(1 + excess / (sum + prior_n prior_mean)) above Q.

    State: `streams` x (Q, N, sum of excesses) + points seen, float32. The first `settle` points leave the
    tail as it is, or, with `start` None, raise Q to the greatest of them: the way in for scores of unknown
    scale. `floor`, never 0, is the smallest v worth telling from 0; it also bounds Q from below.
    Source: predictive distribution of an exponential mean (Lomax); the threshold by stochastic approximation
    (Robbins and Monro, 1951), as in peaks over threshold (Siffer et al., 2017).
    """

    prefix: str
    _: KW_ONLY
    streams: int = 1
    quantile: float = 0.98
    excess: Literal["log", "linear"] = "log"
    prior_n: float = 50.0
    prior_mean: float = 0.6
    memory: float = 1000.0  # exceedances
    start: float | None = 2.0  # Q of a new row
    floor: float = 0.5
    settle: float = 100.0  # points
    slowest: float = 0.0005  # step of Q, relative
    hurry: float = 0.5  # share of `settle` that does not slow the steps of Q

    @property
    def columns(self) -> dict[str, Column]:
        """The columns to declare in the table's layout."""
        shape = (self.streams,)
        return {
            f"{self.prefix}_q": Column("f4", shape, 0.0 if self.start is None else self.start),
            f"{self.prefix}_n": Column("f4", shape),
            f"{self.prefix}_sum": Column("f4", shape),
            f"{self.prefix}_seen": Column("f4"),
        }

    def score(self, cells: Cells, v: Column32) -> Column32:
        """Return nats, shaped like v: (streams, rows), or (rows) for one stream. Changes nothing."""
        q, n, total = self._state(cells)
        strength = v.reshape(q.shape)
        beyond = strength > q
        nats = np.zeros(q.shape, np.float32)
        if beyond.any():  # few are: the rest is worth no logarithm
            over = self._over(strength[beyond], q[beyond])
            weight, scale = n[beyond] + (self.prior_n + 1), total[beyond] + self.prior_n * self.prior_mean
            nats[beyond] = -math.log(1 - self.quantile) + weight * np.log1p(over / scale)
        return nats.reshape(v.shape)

    def level(self, cells: Cells, nats: float, streams: slice = slice(None)) -> Column32:
        """Return the v that would score `nats`, (streams, rows): the inverse of `score` above Q."""
        q, n, total = (state[streams] for state in self._state(cells))
        rest = max(nats + math.log(1 - self.quantile), 0.0)
        over = (total + self.prior_n * self.prior_mean) * np.expm1(rest / (n + (self.prior_n + 1)))
        if self.excess == "linear":
            return q + over
        raised: Column32 = q * np.exp(np.minimum(over, 20))
        return raised

    def learn(self, cells: Cells, v: Column32, *, settle: float | Column32 | None = None) -> None:
        """Take v, shaped as in `score`, as experience. `settle` overrides that of the tail."""
        seen = cells[f"{self.prefix}_seen"] + 1
        cells[f"{self.prefix}_seen"] = seen
        settle = self.settle if settle is None else settle
        ready = seen > settle
        q, n, total = self._state(cells)
        v = v.reshape(q.shape)
        if self.start is None:
            cells[f"{self.prefix}_q"] = q = np.where(ready, q, np.maximum(q, v))
        if not ready.any():
            return
        hit = v > q
        step = np.maximum(self.slowest, 2 / np.maximum(seen - self.hurry * settle, 2))
        moved = q + step * self._size(q, n, total) * (hit - np.float32(1 - self.quantile))
        if (learned := hit & ready).any():
            self._learn_excess(cells, learned, self._over(v[learned], q[learned]))
        cells[f"{self.prefix}_q"] = np.where(ready, np.maximum(moved, self.floor), q)

    def _learn_excess(self, cells: Cells, hit: Column32, over: Column32) -> None:
        """Take the excesses where there is a hit, (stream, row)."""
        _, n, total = self._state(cells)
        n_hit, total_hit = n[hit], total[hit]
        fresh = np.minimum(over, 3 * self._mean(n_hit, total_hit))
        keep = np.where(n_hit >= self.memory - 1, np.float32(1 - 1 / self.memory), np.float32(1))
        for name, old, new in (("n", n, n_hit * keep + 1), ("sum", total, total_hit * keep + fresh)):
            learned = old.copy()
            learned[hit] = new
            cells[f"{self.prefix}_{name}"] = learned

    def _mean(self, n: Column32, total: Column32) -> Column32:
        mean: Column32 = (total + self.prior_n * self.prior_mean) / (n + self.prior_n)
        return mean

    def _size(self, q: Column32, n: Column32, total: Column32) -> Column32:
        """Return the unit of the steps of Q."""
        if self.excess == "linear":
            return 4 * np.maximum(self._mean(n, total), 0.3)
        return np.maximum(q, self.floor / 5)

    def _over(self, v: Column32, q: Column32) -> Column32:
        """Return by how much v exceeds q."""
        if self.excess == "linear":
            return v - q
        over: Column32 = np.log(v / np.maximum(q, 1e-30))
        return over

    def _state(self, cells: Cells) -> tuple[Column32, Column32, Column32]:
        return cells[f"{self.prefix}_q"], cells[f"{self.prefix}_n"], cells[f"{self.prefix}_sum"]
