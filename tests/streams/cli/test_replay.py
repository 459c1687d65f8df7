import click
import pytest

from streams.cli.recorded import TopicOfFile
from streams.cli.replay import Speed


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
