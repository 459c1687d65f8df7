"""Distinct counts: plain HyperLogLog registers, merged by maximum (Flajolet et al. 2007)."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from streams.ingest.fingerprint import fingerprints

PRECISION = 10
REGISTERS = 1 << PRECISION  # standard error 1.04 / sqrt(1024) = 3.3 %

_WORD_BITS = 52  # bits looked at after the register's index: what float64 holds exactly


def places(values: Iterable[object]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return register number and rank of each value; the same in every process."""
    hashes = fingerprints(values)
    register = (hashes >> np.uint64(64 - PRECISION)).astype(np.int64)
    word = (hashes & np.uint64((1 << _WORD_BITS) - 1)).astype(np.float64)
    rank = _WORD_BITS + 1 - np.frexp(word)[1]
    return register, rank.astype(np.uint8)


def estimate(registers: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the number of distinct values behind each row of registers, shape (n, REGISTERS) -> (n,)."""
    bias = 0.7213 / (1 + 1.079 / REGISTERS)
    raw = bias * REGISTERS**2 / np.exp2(-registers.astype(np.float64)).sum(axis=1)
    empty = (registers == 0).sum(axis=1)
    linear = REGISTERS * (math.log(REGISTERS) - np.log(np.maximum(empty, 1)))
    estimates: NDArray[np.float64] = np.where((raw <= 2.5 * REGISTERS) & (empty > 0), linear, raw)
    return estimates
