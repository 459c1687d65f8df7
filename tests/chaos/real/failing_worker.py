"""The real worker with a fault built in: it dies, freezes or loses its clock at a chosen step.

Arguments: settings as JSON; the fault; a number: at which passage of the step, or by how many seconds the
clock jumps. For tests only: nothing of it is in the worker itself.
"""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer

from streams.runner import snapshots, worker
from streams.runner.checkpoint import Writer
from streams.runner.owner import Owner
from streams.runner.runner import Runner
from streams.runner.takeover import Takeover
from streams.runner.transaction import Transactions
from streams.runner.transport import Consumer
from streams.settings.model import Settings

JUMP_AFTER_S = 4.0


def _always(_: object) -> bool:
    return True


class Step(NamedTuple):
    """A method, whether the fault comes before or after it, and when: by the object, or by the result."""

    holder: type
    method: str
    before: bool = False
    when: Callable[[Any], object] = _always


def _has_manifest(outputs: Any) -> bool:
    return any(output.key.endswith(b"/manifest") for output in outputs)


STEPS: dict[str, Step] = {
    "fenced": Step(Transactions, "open"),
    "asked for offsets": Step(Consumer, "committed"),
    "restored": Step(Takeover, "_state"),
    "sought": Step(Consumer, "move"),
    "applied": Step(Owner, "_apply"),
    "sent one": Step(Transactions, "_send"),
    "sent all": Step(AIOKafkaProducer, "send_offsets_to_transaction", before=True),
    "sent offsets": Step(AIOKafkaProducer, "commit_transaction", before=True),
    "committed": Step(AIOKafkaProducer, "commit_transaction"),
    "froze a state": Step(snapshots.Snapshots, "freeze"),
    "block of a checkpoint": Step(
        Writer, "take", when=lambda outputs: outputs and not _has_manifest(outputs)
    ),
    "manifest of a checkpoint": Step(Writer, "take", when=_has_manifest),
    "losing partitions": Step(Runner, "revoked", before=True, when=lambda runner: runner.owners),
    "giving a partition up": Step(Owner, "finish", before=True),
    "gave a partition up": Step(Owner, "finish"),
}


def at(step: Step, passage: int, fault: Callable[[], None]) -> None:
    """Have `fault` happen at the n-th passage of a step."""
    original = getattr(step.holder, step.method)
    passages = 0

    def pass_by() -> None:
        nonlocal passages
        passages += 1
        if passages == passage:
            fault()

    def plain(*args: Any, **options: Any) -> Any:
        result = original(*args, **options)
        if step.when(result):
            pass_by()
        return result

    async def awaited(*args: Any, **options: Any) -> Any:
        if step.before and step.when(args[0]):
            pass_by()
        result = await original(*args, **options)
        if not step.before and step.when(result):
            pass_by()
        return result

    setattr(step.holder, step.method, awaited if asyncio.iscoroutinefunction(original) else plain)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def freeze() -> None:
    print("frozen", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)


def jump_clock(seconds: float) -> None:
    """Let the wall clock jump by so many seconds, a little later; the monotonic one goes on."""
    real_s, real_ns, offset_s = time.time, time.time_ns, 0.0

    def jump() -> None:
        nonlocal offset_s
        offset_s = seconds

    time.time = lambda: real_s() + offset_s
    time.time_ns = lambda: real_ns() + int(offset_s * 1e9)
    timer = threading.Timer(JUMP_AFTER_S, jump)
    timer.daemon = True
    timer.start()


def main() -> None:
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    fault, number = sys.argv[2], int(sys.argv[3])
    snapshots.BLOCKS = 1  # so that a checkpoint takes several transactions
    if fault == "clock":
        jump_clock(number)
    elif fault == "zombie":
        at(STEPS["sent offsets"], number, freeze)
    else:
        at(STEPS[fault], number, die)
    worker.run(settings)


if __name__ == "__main__":
    main()
