"""The shop's zone: many instants at once are the same as one by one, also where clocks change."""

import numpy as np
import pytest

from streams.detect.zone import Zone

SPRING_MS, AUTUMN_MS = 1_774_746_000_000, 1_792_890_000_000  # 2026-03-29 and 2026-10-25 01:00 UTC
QUARTER_MS = 900_000


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Berlin", "Asia/Shanghai", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
@pytest.mark.parametrize("around", [SPRING_MS, AUTUMN_MS])
def test_many_instants_at_once_are_the_same_as_one_by_one(name: str, around: int) -> None:
    zone = Zone(name)
    instants = around + np.arange(-300, 300) * (QUARTER_MS // 3)
    assert zone.weeks_s(instants).tolist() == [zone.week_s(at) for at in instants.tolist()]


def test_a_week_begins_on_monday_at_local_midnight() -> None:
    monday_ms = 1_774_216_800_000  # 2026-03-22 22:00 UTC
    assert Zone("Europe/Kyiv").weeks_s(np.array([monday_ms - 1_000, monday_ms])).tolist() == [604_799.0, 0.0]
