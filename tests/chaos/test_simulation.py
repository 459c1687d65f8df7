"""The full run of the simulation; `make test` has a short one (tests/streams/runner/test_simulation.py)."""

import pytest

from tests.chaos.simulated.simulation import SCHEDULES, run


@pytest.mark.timeout(1200)
def test_ten_thousand_schedules_end_like_an_undisturbed_run() -> None:
    assert run(SCHEDULES)["schedules"] == SCHEDULES
