"""Restoring: last checkpoint, silent replay of what was committed since, and on from there."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

from aiokafka import OffsetAndMetadata

from streams.failure import Failure
from streams.machine import Machine, Record, StateRefused
from streams.runner.checkpoint import Found
from streams.runner.log import Bounds

FLUSH_EVERY = (
    20_000  # records of a replay between two flushes: bounds what a machine holds back for its outputs
)

logger = logging.getLogger(__name__)


class Refused(Failure):
    """The worker must not start: going on would lose or repeat something. An operator has to decide."""


class Start(NamedTuple):
    """Where a machine begins: its checkpoint (None: no state), the offsets to replay and to go on from.

    fresh  nothing was ever committed: the state it starts with is to be checkpointed with the first outputs
    """

    machine: Machine
    used: Found | None
    replay_from: int
    position: int
    fresh: bool


def begin(
    name: str, build: Callable[[], Machine], found: Sequence[Found], committed: int | None, bounds: Bounds
) -> Start:
    """Choose the newest checkpoint that the machine takes, and say where to begin.

    name: of the source, for messages; committed: the group's offset, None when there is none.

    Raises Refused if the log does not hold what has to be read.
    """
    machine, used = _restored(name, build, found)
    if committed is None:
        position = _first_position(name, used, bounds)
        return Start(machine, used, position, position, fresh=True)
    replay_from = _replay_from(name, used, bounds)
    if committed > bounds.end or replay_from > committed:
        raise Refused(
            f"{name}: offset {committed} was committed, but the log ends at {bounds.end} and the state is "
            f"that of {replay_from}. Was the topic made anew, or the offset reset? {ANEW}"
        )
    return Start(machine, used, replay_from, committed, fresh=False)


async def replay(
    machine: Machine, batches: AsyncIterator[Sequence[Record]], now_ms: Callable[[], int]
) -> None:
    """Apply what was applied before; the outputs were committed then and are thrown away now."""
    held = 0
    async for records in batches:
        machine.apply(records)
        held += len(records)
        if held >= FLUSH_EVERY:
            machine.flush(now_ms(), caught_up=False)
            held = 0
    machine.flush(now_ms(), caught_up=False)


def check_metadata(name: str, machine: Machine, committed: OffsetAndMetadata) -> None:
    """Compare what the machine says of the committed offset with what it said when it was committed."""
    if machine.metadata() != committed.metadata:
        logger.warning(
            "%s: restored at offset %d with %r, but %r was committed: was the configuration changed?",
            name,
            committed.offset,
            machine.metadata(),
            committed.metadata,
        )


ANEW = "To start anew, without the old state, set another `kafka.group`."


def _restored(
    name: str, build: Callable[[], Machine], found: Sequence[Found]
) -> tuple[Machine, Found | None]:
    for one in found:
        machine = build()
        try:
            machine.restore(one.checkpoint.blocks, one.checkpoint.metadata)
        except StateRefused as refusal:
            logger.warning("%s: checkpoint at offset %d refused: %s", name, one.checkpoint.offset, refusal)
            continue
        return machine, one
    return build(), None


def _first_position(name: str, used: Found | None, bounds: Bounds) -> int:
    if used is None:
        return bounds.start
    if not used.checkpoint.learned:
        raise Refused(
            f"{name}: there is state of offset {used.checkpoint.offset}, but the group's committed offset is "
            f"gone (Kafka forgets the offsets of a group that was away for long). What was written since "
            f"that state is unknown. {ANEW}"
        )
    return min(max(used.checkpoint.offset, bounds.start), bounds.end)


def _replay_from(name: str, used: Found | None, bounds: Bounds) -> int:
    if used is None and bounds.start == 0:
        return 0
    if used is None:
        raise Refused(
            f"{name}: no usable checkpoint, and the log no longer reaches back to rebuild the state: it "
            f"starts at offset {bounds.start}. {ANEW}"
        )
    if used.checkpoint.offset < bounds.start:
        raise Refused(
            f"{name}: the state is that of offset {used.checkpoint.offset}, but the log starts at "
            f"{bounds.start}: records in between are gone. Keep the log longer than the worker is away "
            f"(`kafka.retention`). {ANEW}"
        )
    return used.checkpoint.offset
