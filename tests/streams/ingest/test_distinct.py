from collections.abc import Sequence

import numpy as np
import pytest

from streams.ingest.distinct import REGISTERS, estimate, places


def registers_of(values: Sequence[object]) -> np.ndarray:
    register, rank = places(values)
    registers = np.zeros(REGISTERS, np.uint8)
    np.maximum.at(registers, register, rank)
    return registers


@pytest.mark.parametrize("n", [0, 1, 10, 500, 3_000, 50_000])
def test_the_estimate_is_within_four_standard_errors(n: int) -> None:
    found = estimate(registers_of([f"user-{i}" for i in range(n)])[None, :])[0]
    assert abs(found - n) <= 4 * 0.033 * n


def test_registers_merge_by_maximum() -> None:
    left, right = list(range(600)), list(range(400, 1_000))
    merged = np.maximum(registers_of(left), registers_of(right))
    assert (merged == registers_of([*left, *right])).all()


def test_places_never_change_between_processes_and_versions() -> None:
    register, rank = places(["u1", "用户", 7])
    assert (register.tolist(), rank.tolist()) == ([853, 379, 522], [1, 1, 1])
