"""A message is written once in a while, whatever its arguments."""

import logging

from streams.runner.quiet import Once


def record(name, message, *args):
    return logging.LogRecord(name, logging.ERROR, "", 0, message, args, None)


def test_a_repeated_message_passes_once_per_period_and_logger():
    now = [0.0]
    once = Once(every_s=30, clock=lambda: now[0])
    assert once.filter(record("kafka", "no connection to %s", "a"))
    assert not once.filter(record("kafka", "no connection to %s", "b"))
    assert once.filter(record("kafka", "another message"))
    assert once.filter(record("other", "no connection to %s", "a"))
    now[0] = 30.0
    assert once.filter(record("kafka", "no connection to %s", "a"))


def test_news_pass_however_often_they_come():
    once = Once(clock=lambda: 0.0)
    news = logging.LogRecord("worker", logging.INFO, "", 0, "took %d partitions over", (3,), None)
    assert [once.filter(news) for _ in range(3)] == [True] * 3
