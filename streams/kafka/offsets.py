"""Committed offsets of a group, asked for so that a coordinator's trouble is not taken for "there are none".

Since its second version the answer carries an error beside those of the partitions, with no partitions then
(KIP-88). aiokafka (0.14) does not look at it: after a broker's restart, while the coordinator loads, a
group looks as if it had never committed, and would begin anew.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, OffsetAndMetadata, TopicPartition
from aiokafka.errors import KafkaError, NoError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest

RETRY_S = 0.1
NO_OFFSET = -1

Offsets = dict[TopicPartition, OffsetAndMetadata]


async def committed_offsets(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> Offsets:
    """Return what the consumer's group has committed; a partition without an offset is left out.

    Waits for a coordinator that can tell. Raises KafkaError for what waiting does not mend.
    """
    coordinator = consumer._coordinator
    by_topic: defaultdict[str, list[int]] = defaultdict(list)
    for topic, partition in partitions:
        by_topic[topic].append(partition)
    while True:
        await coordinator.ensure_coordinator_known()
        try:
            request = OffsetFetchRequest(coordinator.group_id, list(by_topic.items()))
            return _offsets(await coordinator._send_req(request))
        except KafkaError as error:
            if not error.retriable:
                raise
            coordinator.coordinator_dead()  # whoever it was: ask anew who it is
            await asyncio.sleep(RETRY_S)


def _offsets(answer: Any) -> Offsets:
    rows = [(topic, *row) for topic, partitions in answer.topics for row in partitions]
    for code in (getattr(answer, "error_code", 0), *(code for *_, code in rows)):
        if (error := for_code(code)) is not NoError:
            raise error(f"committed offsets: {error.__name__}")
    return {
        TopicPartition(topic, partition): OffsetAndMetadata(offset, metadata)
        for topic, partition, offset, metadata, _ in rows
        if offset != NO_OFFSET
    }
