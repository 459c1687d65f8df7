"""Learning from history: recorded events become the state with which the workers of a new group begin."""

from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.detect.rebase import rebase
from streams.failure import Failure
from streams.kafka.offsets import committed_offsets
from streams.machine import Record
from streams.plan import build_plan, plan_hash
from streams.recorded.backtest import Backtest
from streams.runner.checkpoint import Checkpoint, find, source_of, to_outputs
from streams.runner.log import compacted
from streams.settings.connection import connection
from streams.settings.model import EventKind, Settings


class AlreadyRunning(Failure):
    """The group has state of its own; history cannot be put before it."""


def learn(
    settings: Settings, records: Iterable[tuple[EventKind, Record]]
) -> tuple[Backtest, list[list[bytes]]]:
    """Run history through the machines; return the run and the state of each detect partition as blocks."""
    run = Backtest(settings, partitions=settings.kafka.partial_partitions)
    for _ in run.run(records):
        pass
    for detect in run.detects:
        rebase(detect)
    return run, [list(detect.snapshot()) for detect in run.detects]


async def store(settings: Settings, states: Sequence[list[bytes]]) -> None:
    """Write the states as the checkpoints the workers of `kafka.group` will begin with.

    Raises AlreadyRunning if the group has committed offsets, so that its own state is newer.
    """
    topic = settings.topics.partial
    sources = [TopicPartition(topic, partition) for partition in range(len(states))]
    ends = await _ends(settings, sources)
    known = await compacted(settings.kafka, settings.topics.detect_state)
    plan = plan_hash(build_plan(settings))
    producer = AIOKafkaProducer(
        **connection(settings.kafka), enable_idempotence=True, compression_type="gzip"
    )
    await producer.start()
    try:
        for source, blocks in zip(sources, states, strict=True):
            name = source_of(settings.kafka.group, *source)
            serial = max((one.serial for one in find(known, name)), default=0) + 1
            checkpoint = Checkpoint(ends[source], "", tuple(blocks), plan, learned=True)
            for output in to_outputs(settings.topics.detect_state, name, serial % 2, serial, checkpoint):
                await producer.send_and_wait(output.topic, output.value, output.key, output.partition)
    finally:
        await producer.stop()


async def _ends(settings: Settings, sources: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(
        **connection(settings.kafka),
        group_id=settings.kafka.group,
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        if await committed_offsets(consumer, sources):
            raise AlreadyRunning(
                f"group {settings.kafka.group} has worked already and has state of its own: stop it and"
                " learn for a new one (set another `kafka.group`)"
            )
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(sources))
        return ends
    finally:
        await consumer.stop()
