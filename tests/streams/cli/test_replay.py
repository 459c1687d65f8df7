import click
import pytest

from streams.cli.recorded import TopicOfFile
from streams.cli.replay import Speed, Tally, paced
from streams.machine import Record


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 9))
        self.now_s += seconds


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
    events = [("click", Record(at, 5_000 + ms, None, b"")) for at, ms in enumerate((0, 1_000, 1_000, 1_500))]
    assert [r.offset for _, r in paced(events, speed, clock, clock.sleep)] == [0, 1, 2, 3]  # type: ignore[arg-type]
    assert clock.slept == slept


def test_time_lost_in_sending_is_caught_up() -> None:
    clock = Clock()
    events = paced([("click", Record(0, ms, None, b"")) for ms in (0, 1_000, 2_000)], 1.0, clock, clock.sleep)
    next(events)
    clock.now_s += 1.75
    assert len(list(events)) == 2
    assert clock.slept == [0.25]


@pytest.mark.parametrize(("text", "factor"), [("max", float("inf")), ("60", 60.0), ("0.5", 0.5)], ids=str)
def test_a_speed(text: str, factor: float) -> None:
    assert Speed().convert(text, None, None) == factor


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", ""], ids=repr)
def test_not_a_speed(text: str) -> None:
    with pytest.raises(click.BadParameter, match="above 0"):
        Speed().convert(text, None, None)


def test_a_topic_of_a_file() -> None:
    assert TopicOfFile().convert("order=a=b.jsonl", None, None) == ("a=b.jsonl", "order")


@pytest.mark.parametrize("text", ["orders=a.jsonl", "order", "order=", "a.jsonl"])
def test_not_a_topic_of_a_file(text: str) -> None:
    with pytest.raises(click.BadParameter, match="click, order, inventory, metric"):
        TopicOfFile().convert(text, None, None)


def test_the_summary_counts_what_kafka_did_not_take_and_shows_a_few() -> None:
    tally = Tally()
    tally.sent["shop.click.v1"] = 2
    for number in range(5):
        tally.refuse(f"event {number}", ValueError("too large"))
    lines = [line.strip() for line in tally.lines()]
    assert lines[:3] == ["2 shop.click.v1", "2 events sent", "5 not taken by Kafka:"]
    assert lines[3:] == [f"event {number}: too large" for number in range(3)]
