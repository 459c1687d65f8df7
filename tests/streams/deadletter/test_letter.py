"""A dead letter is read back as it was refused, and sent again as it was sent."""

import pytest

from streams.deadletter.letter import (
    ATTEMPT,
    ATTEMPTS_MAX,
    FOREIGN,
    ORIGIN,
    Place,
    is_mark,
    letter_of,
    mark,
    marked,
    sent_again,
)
from streams.ingest.reject import Reject, to_dead_letter
from streams.machine import Record

OWN = (("traceparent", b"00-1"), ("ce_id", b"7"))
PLACE = Place(0, 41)


def letter(headers=OWN, partition=2):
    output = to_dead_letter(
        Record(9, 5, b"k", b"{", headers), Reject("broken_json", "ends early"), "orders", partition
    )
    return letter_of(PLACE, 77, output.key, output.value, output.headers)


def test_a_letter_tells_why_and_where_from_and_keeps_the_record():
    found = letter()
    assert (found.reason, found.source, found.told["offset"], found.attempt) == ("broken_json", 2, "9", 0)
    assert (found.key, found.value, found.headers) == (b"k", b"{", OWN)


def test_a_record_of_somebody_else_is_a_letter_without_a_reason():
    found = letter_of(PLACE, 77, None, b"x", ())
    assert (found.reason, found.source) == (FOREIGN, None)


@pytest.mark.parametrize(("partitions", "expected"), [(4, 2), (2, None)], ids=["there", "no longer there"])
def test_it_is_sent_to_the_partition_it_came_from(partitions, expected):
    output = sent_again("orders", partitions, letter())
    assert (output.topic, output.partition, output.key, output.value) == ("orders", expected, b"k", b"{")


def test_attempts_are_counted_through_every_refusal():
    headers, attempts = OWN, []
    for _ in range(4):
        found = letter(headers)
        attempts.append(found.attempt)
        headers = sent_again("orders", 4, found).headers
    assert attempts == [0, 1, 2, 3]
    assert [name for name, _ in headers] == ["traceparent", "ce_id", ATTEMPT, ORIGIN]
    assert dict(headers)[ORIGIN] == b"orders.dlq/0/41"


@pytest.mark.parametrize("text", [b"many", b"", b"-1"])
def test_an_attempt_that_is_no_number_counts_as_the_last(text):
    assert letter(((ATTEMPT, text),)).attempt == ATTEMPTS_MAX


def test_a_mark_names_letters_and_is_none():
    output = mark("orders", [letter(), letter()._replace(place=Place(1, 7))])
    assert output.topic == "orders.dlq"
    assert is_mark(output.headers)
    assert marked(output.value) == {PLACE, Place(1, 7)}
    assert not is_mark(OWN)


@pytest.mark.parametrize("value", [None, b"", b"{", b"[[1]]", b'[["a",1]]'])
def test_a_damaged_mark_names_nothing(value):
    assert marked(value) == set()
