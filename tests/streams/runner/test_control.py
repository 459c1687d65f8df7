"""Orders of an operator: written, read back, and the newest one counts."""

import logging

import pytest
from aiokafka import TopicPartition

from streams.machine import Record
from streams.runner.control import Control, Reset, from_record, to_output
from streams.settings.model import Kafka

CLICK = TopicPartition("click", 2)


def record(value, offset=0):
    return Record(offset, 0, None, value)


def test_an_order_comes_back_as_it_was_written():
    output = to_output(Reset("click", 2, 17), "control")
    assert (output.topic, output.key) == ("control", b"click/2")
    assert from_record(record(output.value)) == Reset("click", 2, 17)


@pytest.mark.parametrize("value", [None, b"", b"{", b"{}", b'{"topic":"a","partition":"x","offset":1}'])
def test_what_is_no_order_is_logged_and_ignored(value, caplog):
    with caplog.at_level(logging.WARNING):
        assert from_record(record(value, 5)) is None
    assert "offset 5" in caplog.text


def test_the_newest_order_counts_and_is_told():
    told = []
    control = Control(Kafka(), "control")
    control.listen(lambda *order: told.append(order))
    control.take([record(to_output(Reset("click", 2, at), "control").value) for at in (5, 9)])
    assert control.offset(CLICK) == 9
    assert control.offset(TopicPartition("click", 1)) is None
    assert told == [(CLICK, 5), (CLICK, 9)]
