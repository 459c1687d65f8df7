"""What an owner begins with, and what it asks of and tells to the runner."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from streams.machine import Machine, Output
from streams.runner.checkpoint import Writer
from streams.runner.hurry import Hurry
from streams.runner.pace import Pace
from streams.runner.role import Role

Clock = Callable[[], int]
Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class State(NamedTuple):
    """What an owner begins with: a machine that has applied the log up to `position`.

    fresh  nothing was ever committed: the state is checkpointed with the first outputs, so that a later start
           knows where the log began
    """

    machine: Machine
    position: int
    writer: Writer
    fresh: bool


class Hooks(NamedTuple):
    """What the owner asks of and tells to the runner.

    spawn  starts a task whose error ends the process
    turn   waits until it is this owner's turn to make outputs
    hurry  shared by all owners of the worker
    """

    spawn: Spawn
    applied: Callable[[Role], None]
    committed: Callable[[Role, Sequence[Output]], None]
    observe: Callable[[str, tuple[str, ...], float], None]
    caught_up: Callable[[TopicPartition], bool]
    pace: Callable[[], Pace]
    now_ms: Clock
    turn: Callable[[], Coroutine[Any, Any, None]]
    hurry: Hurry
