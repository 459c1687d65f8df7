import asyncio
from collections.abc import Awaitable

import pytest
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from streams.failure import Failure
from streams.machine import Headers, Record
from streams.recorded.replay import Pace, Sender, Tally, send
from streams.settings.model import EventKind, Settings


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 9))
        self.now_s += seconds


class FakeProducer:
    """Takes everything, except what is `large` (at once) and what is `late` (when confirmed)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bytes | None]] = []

    async def send(
        self, topic: str, value: bytes, key: bytes | None, *, headers: Headers
    ) -> Awaitable[object]:
        if value == b"large":
            raise MessageSizeTooLargeError
        self.sent.append((topic, value, key))
        handed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if value == b"late":
            handed.set_exception(KafkaError("leader gone"))
        else:
            handed.set_result(None)
        return handed


def click(offset: int, timestamp_ms: int, value: bytes = b'{"user_id": "u"}') -> tuple[EventKind, Record]:
    return "click", Record(offset, timestamp_ms, None, value)


def run(
    events: list[tuple[EventKind, Record]],
    speed: float = float("inf"),
    missing: frozenset[str] = frozenset(),
    clock: Clock | None = None,
) -> tuple[FakeProducer, Tally]:
    producer, tally, clock = FakeProducer(), Tally(), clock or Clock()
    sender = Sender(producer, Settings(), missing, tally)
    asyncio.run(send(events, sender, Pace(speed), clock, clock.sleep))
    return producer, tally


@pytest.mark.parametrize(
    ("speed", "slept"),
    [
        pytest.param(1.0, [1.0, 0.5], id="original"),
        pytest.param(10.0, [0.1, 0.05], id="ten times"),
        pytest.param(float("inf"), [], id="max"),
    ],
)
def test_events_are_sent_as_far_apart_as_they_came(speed: float, slept: list[float]) -> None:
    clock = Clock()
    events = [click(at, 5_000 + ms) for at, ms in enumerate((0, 1_000, 1_000, 1_500))]
    producer, _ = run(events, speed, clock=clock)
    assert len(producer.sent) == 4
    assert clock.slept == slept


def test_time_lost_in_sending_is_caught_up() -> None:
    pace = Pace(1.0)
    assert pace.wait_s(0, 100.0) == 0.0
    assert pace.wait_s(1_000, 101.75) == -0.75
    assert pace.wait_s(2_000, 101.75) == 0.25


def test_every_event_goes_to_its_topic_under_its_key() -> None:
    order: tuple[EventKind, Record] = ("order", Record(0, 0, None, b'{"order_id": "o"}'))
    producer, tally = run([click(0, 0), order, click(1, 0, b"{")])
    assert producer.sent == [
        ("shop.click.v1", b'{"user_id": "u"}', b"u"),
        ("shop.order.v1", b'{"order_id": "o"}', b"o"),
        ("shop.click.v1", b"{", None),
    ]
    assert tally.sent == {"shop.click.v1": 2, "shop.order.v1": 1}


def test_what_kafka_does_not_take_is_counted_and_the_rest_is_sent() -> None:
    _, tally = run([click(0, 0), click(1, 0, b"large"), click(2, 0, b"late"), click(3, 0)])
    assert (tally.sent["shop.click.v1"], tally.refused) == (2, 2)
    assert [text.split(":")[0] for text in tally.refusals] == [
        "event 1 for shop.click.v1",
        "event 2 for shop.click.v1",
    ]


def test_a_missing_topic_ends_it_with_what_to_do() -> None:
    with pytest.raises(Failure, match="fenghuo topics apply"):
        run([click(0, 0)], missing=frozenset({"shop.click.v1"}))


def test_the_summary_shows_a_few_of_the_refused() -> None:
    tally = Tally()
    tally.sent["shop.click.v1"] = 2
    for number in range(5):
        tally.refuse(f"event {number}", ValueError("too large"))
    lines = [line.strip() for line in tally.lines()]
    assert lines[:3] == ["2 shop.click.v1", "2 events sent", "5 not taken by Kafka:"]
    assert lines[3:] == [f"event {number}: too large" for number in range(3)]
