"""Compares what a schedule left behind with the golden run: the same machines, undisturbed, over the log."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.machine import Record
from tests.chaos.simulated.world import World


class Golden(NamedTuple):
    """What each machine holds in the end, and what the last one has told."""

    states: dict[TopicPartition, list[bytes]]
    told: list[bytes]


def golden(world: World) -> Golden:
    """Run the machines one after the other over the events as they lie in the log."""
    shop = world.shop
    logs: defaultdict[TopicPartition, list[Record]] = defaultdict(list)
    for partition in shop.events:
        logs[partition].extend(world.broker.logs[partition].committed())
    states = {}
    for partition in shop.owned():
        machine = shop.roles[partition.topic].build(partition.partition)
        machine.apply(logs[partition])
        for output in machine.flush(0, caught_up=False):
            log = logs[TopicPartition(output.topic, output.partition or 0)]
            log.append(Record(len(log), 0, output.key, output.value, output.headers))
        states[partition] = list(machine.snapshot())
    told = [record.value or b"" for record in logs[TopicPartition(shop.told, 0)]]
    return Golden(states, told)


def differences(world: World) -> Iterator[str]:
    """Yield every way in which a settled world differs from the golden one, and from its own input."""
    wanted = golden(world)
    told = [
        record.value or b"" for record in world.broker.logs[TopicPartition(world.shop.told, 0)].committed()
    ]
    if lost := set(wanted.told) - set(told):
        yield f"lost {len(lost)} of {len(wanted.told)} outputs, such as {min(lost)!r}"
    if spurious := set(told) - set(wanted.told):
        yield f"told {len(spurious)} outputs that nobody should have, such as {min(spurious)!r}"
    if (twice := len(told) - len(set(told))) > 0:
        yield f"told {twice} outputs more than once"
    for partition, (owner,) in world.owners().items():
        if list(owner.machine.snapshot()) != wanted.states[partition]:
            yield f"{partition.topic}/{partition.partition}: another state than the golden one"
    yield from _unaccounted(world)


def _unaccounted(world: World) -> Iterator[str]:
    shop = world.shop
    for partition, events in shop.events.items():
        for target in range(shop.partitions[shop.middle]):
            log = world.broker.logs[TopicPartition(shop.middle, target)]
            spans = [
                span for one in log.committed() if (span := shop.span(one.value or b"")).source == partition
            ]
            reached = 0
            for span in spans:
                if span.start != reached:
                    yield f"{partition}: the range [{span.start}, {span.end}) comes after {reached}"
                reached = span.end
            if (read := sum(span.read for span in spans)) != len(events):
                yield f"{partition}: {read} of {len(events)} events accounted for in partition {target}"
