"""The sender: all records, to their topics, none before it is due, none unconfirmed."""

import asyncio
from collections.abc import Awaitable

import pytest

from streams.simulate.pace import Pace
from streams.simulate.record import Record
from streams.simulate.sender import send

NOW_MS = 1_772_409_600_000.0


class Clock:
    """Goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> float:
        return self.now_ms

    async def sleep(self, seconds: float) -> None:
        self.now_ms += seconds * 1000


class Log:
    """A producer that notes what was sent when; `refused` are the indices of records it fails."""

    def __init__(self, clock: Clock, refused: frozenset[int] = frozenset()) -> None:
        self.rows: list[tuple[str, bytes, bytes, float]] = []
        self._clock = clock
        self._refused = refused

    async def send(self, topic: str, value: bytes, key: bytes) -> Awaitable[object]:
        self.rows.append((topic, value, key, self._clock.now_ms))
        future = asyncio.get_running_loop().create_future()
        if len(self.rows) - 1 in self._refused:
            future.set_exception(ConnectionError("refused"))
        else:
            future.set_result(None)
        return future


def _records(arrivals: list[int]) -> list[Record]:
    kinds = ("click", "order", "inventory")
    return [Record(kinds[n % 3], b"k%d" % n, b"v%d" % n, at - 5, at) for n, at in enumerate(arrivals)]


def _send(records: list[Record], log: Log, clock: Clock, pace: Pace | None) -> int:
    return asyncio.run(send(records, log, lambda kind: f"shop.{kind}", pace, now_ms=clock, sleep=clock.sleep))


def test_records_go_to_their_topics_with_their_keys():
    clock = Clock()
    log = Log(clock)
    assert _send(_records([1, 2, 3]), log, clock, None) == 3
    assert [row[:3] for row in log.rows] == [
        ("shop.click", b"v0", b"k0"),
        ("shop.order", b"v1", b"k1"),
        ("shop.inventory", b"v2", b"k2"),
    ]
    assert clock.now_ms == NOW_MS


def test_a_paced_record_is_sent_when_it_is_due_and_never_before():
    clock = Clock()
    log = Log(clock)
    end_ms = int(NOW_MS) + 1_000
    arrivals = [end_ms - 10_000 + step for step in (0, 1, 2, 4_000, 9_999)]
    _send(_records(arrivals), log, clock, Pace.build(end_ms - 10_000, end_ms, NOW_MS, 10.0))
    sent = [row[3] - NOW_MS for row in log.rows]
    due = [0.0, 0.1, 0.2, 400.0, 999.9]
    assert all(at >= wanted - 1e-3 for at, wanted in zip(sent, due, strict=True))
    assert sent == pytest.approx(due, abs=6.0)


def test_a_record_that_kafka_refuses_is_not_passed_over():
    clock = Clock()
    with pytest.raises(ConnectionError, match="refused"):
        _send(_records([1, 2, 3]), Log(clock, frozenset({1})), clock, None)
