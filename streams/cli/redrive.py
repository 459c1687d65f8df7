"""Sending dead letters again: each once, whatever happens in between, because marks and records are one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError, ProducerFencedError

from streams.cli.fuse import committed_offsets
from streams.cli.log import read_all
from streams.deadletter.choice import Choice
from streams.deadletter.letter import Letter, Place, is_mark, letter_of, mark, marked, sent_again
from streams.deadletter.prospect import Judge, Prospect
from streams.failure import Failure
from streams.ingest.state import Small, read
from streams.kafka.topics import CONNECT_MS, explained
from streams.machine import Output, StateRefused
from streams.settings.connection import connection
from streams.settings.model import EventKind, Settings

CONFIRM_S = 30
BATCH = 500  # letters in one transaction
REQUEST_BYTES = 2 * 1_048_588


class Considered(NamedTuple):
    """A letter and what would become of it."""

    letter: Letter
    prospect: Prospect


class OtherRedrive(Failure):
    """Somebody else redrives the same topic now."""


def letters(
    settings: Settings, topics: Sequence[str], taken: Callable[[str, Place], None]
) -> Iterator[tuple[str, Letter]]:
    """Yield (input topic, letter) for all dead letters there are; `taken` is told of those that marks name.

    A mark lies behind the letters it names. Raises KafkaAbsent.
    """
    for record in read_all(settings, [f"{topic}.dlq" for topic in topics]):
        topic = record.topic.removesuffix(".dlq")
        if is_mark(record.headers):
            for place in marked(record.value):
                taken(topic, place)
            continue
        place = Place(record.partition, record.offset)
        yield topic, letter_of(place, record.timestamp, record.key, record.value, record.headers)


def consider(settings: Settings, kind: EventKind, choice: Choice, now_ms: int) -> list[Considered]:
    """Return the chosen letters of a topic and what would become of each, in the order they lie there.

    Payloads are left out: there may be many. Raises KafkaAbsent.
    """
    topic = settings.topics.of_event(kind)
    judge = Judge(settings, kind, sources(settings, topic), now_ms)
    done: set[Place] = set()
    found = [
        Considered(letter._replace(value=None), judge.prospect(letter, done=False))
        for _, letter in letters(settings, [topic], lambda _, place: done.add(place))
        if choice.takes(letter)
    ]
    return [one._replace(prospect=Prospect("done")) if one.letter.place in done else one for one in found]


def sources(settings: Settings, topic: str) -> Mapping[int, Small]:
    """Return what ingest committed with its offsets, by partition of an input topic. Raises KafkaAbsent."""
    found = {}
    for at, offset in committed_offsets(settings).items():
        if at.topic == topic and offset.metadata:
            try:
                found[at.partition] = read([], offset.metadata, f"{topic}/{at.partition}").small
            except StateRefused as refusal:
                raise Failure(f"group {settings.kafka.group}, {topic}/{at.partition}: {refusal}") from refusal
    return found


@contextmanager
def sender(settings: Settings, topic: str) -> Iterator[KafkaProducer]:
    """Open the one producer that may redrive a topic; who began before is shut out, what he left is undone.

    What is sent is there when it ends. Raises KafkaAbsent, OtherRedrive.
    """
    with explained(settings.kafka.bootstrap_servers):
        producer = KafkaProducer(
            **connection(settings.kafka),
            transactional_id=f"{settings.kafka.group}.redrive.{topic}",
            max_request_size=REQUEST_BYTES,
            bootstrap_timeout_ms=CONNECT_MS,
        )
        try:
            producer.init_transactions()
            yield producer
        except KafkaError as error:
            if not any(isinstance(one, ProducerFencedError) for one in (error, *error.args)):
                raise
            raise OtherRedrive(
                f"another redrive of {topic} has begun: what it sends, it marks. Look with `fenghuo dlq list`"
            ) from error
        finally:
            producer.close()


def redrive(
    settings: Settings,
    kind: EventKind,
    chosen: set[Place],
    producer: KafkaProducer,
    told: Callable[[int], None],
) -> None:
    """Send the chosen letters of a topic again; `told` how many after each transaction.

    Records and the mark that names them become visible together. Raises KafkaAbsent, OtherRedrive.
    """
    topic = settings.topics.of_event(kind)
    every = letters(settings, [topic], lambda *_: None)
    mine = (letter for _, letter in every if letter.place in chosen)
    while batch := list(islice(mine, BATCH)):
        _send(producer, topic, settings.kafka.partitions_of(kind), batch)
        told(len(batch))


def _send(producer: KafkaProducer, topic: str, partitions: int, batch: Sequence[Letter]) -> None:
    outputs = [*(sent_again(topic, partitions, letter) for letter in batch), mark(topic, batch)]
    producer.begin_transaction()
    futures = [_hand(producer, output) for output in outputs]
    for future in futures:
        future.get(timeout=CONFIRM_S)
    producer.commit_transaction()


def _hand(producer: KafkaProducer, output: Output) -> Any:
    return producer.send(output.topic, output.value, output.key, list(output.headers), output.partition)
