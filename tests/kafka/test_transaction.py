"""Fencing: who had a partition before can no longer write, and nothing it had begun is ever seen."""

import asyncio
import gc

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import ProducerFenced

from streams.machine import Output
from streams.runner.transaction import Transactions
from tests.kafka.process import read

pytestmark = pytest.mark.kafka


def transactions(settings):
    writes = (TopicPartition(settings.topics.partial, 0),)
    return Transactions(settings.kafka, f"{settings.kafka.group}.click.0", settings.kafka.group, writes)


def output(settings, text):
    return [Output(settings.topics.partial, b"k", text, partition=0)]


def values(settings):
    return [record.value for record in read(settings, settings.topics.partial, 1)[0]]


def run(scenario):
    asyncio.run(asyncio.wait_for(scenario(), 60))
    gc.collect()  # finalizers of closed clients upset Python 3.11 if they run while pytest compiles


def test_a_former_owner_is_fenced_and_the_new_one_goes_on(topics):
    source = TopicPartition(topics.topics.click, 0)

    async def scenario():
        zombie, owner = transactions(topics), transactions(topics)
        await zombie.open()
        await zombie.commit(output(topics, b"before"), source, 1, "")
        await owner.open()
        with pytest.raises(ProducerFenced):
            await zombie.commit(output(topics, b"zombie"), source, 2, "")
        await owner.commit(output(topics, b"after"), source, 2, "")
        await zombie.close()
        await owner.close()

    run(scenario)
    assert values(topics) == [b"before", b"after"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_former_owner_that_expects_to_commit_is_fenced_all_the_same(topics, when):
    source = TopicPartition(topics.topics.click, 0)

    async def scenario():
        zombie, owner = transactions(topics), transactions(topics)
        await zombie.open()
        if when == "before":
            zombie.expect()
            await asyncio.sleep(0.5)  # the coordinator has heard of it
        await owner.open()
        zombie.expect()
        await asyncio.sleep(0.5)
        with pytest.raises(ProducerFenced):
            await zombie.commit(output(topics, b"zombie"), source, 2, "")
        owner.expect()
        await owner.commit([], source, 2, "")  # what was expected need not come
        owner.expect()
        await owner.commit(output(topics, b"after"), source, 3, "")
        await zombie.close()
        await owner.close()

    run(scenario)
    assert values(topics) == [b"after"]


def test_what_a_former_owner_sent_and_did_not_commit_is_never_seen(topics):
    source = TopicPartition(topics.topics.click, 0)

    async def scenario():
        zombie, owner = transactions(topics), transactions(topics)
        await zombie.open()
        sent = await zombie._send(*output(topics, b"lost"))  # what a commit begins with
        await sent
        await owner.open()
        await owner.commit(output(topics, b"kept"), source, 1, "")
        await zombie.close()
        await owner.close()

    run(scenario)
    assert values(topics) == [b"kept"]
