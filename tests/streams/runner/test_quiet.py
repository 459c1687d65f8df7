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
