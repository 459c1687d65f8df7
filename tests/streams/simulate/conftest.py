"""A day of the simulated shop, made once: with every kind of noise, without faults."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from streams.simulate.record import Record
from streams.simulate.shop import Noise, Shop
from streams.simulate.stream import Tally, simulate

END_MS = round(datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000


class Day:
    """The span, its records in arrival order, and what was counted."""

    def __init__(self) -> None:
        self.shop = Shop(clicks_per_s=1.0, noise=Noise(late=0.01, duplicates=0.02, broken=0.01))
        self.start_ms, self.end_ms = END_MS - 24 * HOUR_MS, END_MS
        self.tally: Tally = Counter()
        self.records: list[Record] = list(
            simulate(self.shop, 7, self.start_ms, self.end_ms, tally=self.tally)
        )


@pytest.fixture(scope="session")
def day() -> Day:
    return Day()
