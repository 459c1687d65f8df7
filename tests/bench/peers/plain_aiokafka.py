"""Floor: aiokafka's consume loop, with nothing done."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from job import PARTITIONS, Arguments, Meter


async def main() -> None:
    """Read."""
    arguments = Arguments()
    meter = Meter(arguments)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=arguments.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    consumer.assign([TopicPartition(arguments.topic, at) for at in range(PARTITIONS)])
    while True:
        batches = await consumer.getmany(timeout_ms=1_000)
        if meter.took(sum(map(len, batches.values()))):
            break
    meter.write({})
    await consumer.stop()


asyncio.run(main())
