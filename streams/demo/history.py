"""The history: the days the shop has behind it, simulated in one process while another learns them."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection

from streams.demo.script import Script
from streams.failure import Failure
from streams.machine import Record
from streams.recorded.learn import learn
from streams.settings.model import EventKind, Settings
from streams.simulate.stream import simulate

BLOCK = 5_000  # events handed over at once

Event = tuple[EventKind, Record]
Block = tuple[
    Sequence[EventKind], Sequence[int], Sequence[bytes], Sequence[bytes]
]  # kinds, times, keys, values


def learn_history(
    script: Script, settings: Settings, reached: Callable[[int], None]
) -> tuple[int, Sequence[list[bytes]]]:
    """Return how many events were learned, and the state of each detect partition.

    reached: told now and then which event time (epoch ms) has been reached

    Raises Failure if the simulating process ends early.
    """
    run, states = learn(settings, _history(script, reached))
    return sum(run.tally.records.values()), states


def _history(script: Script, reached: Callable[[int], None]) -> Iterator[Event]:
    """Yield what the other process simulates; it ends with this generator, or when we are gone."""
    context = get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_simulate, args=(writer, script), daemon=True)
    process.start()
    writer.close()
    try:
        offset = 0
        while block := _receive(reader):
            times = block[1]
            reached(times[-1])
            for event in zip(*block, strict=True):
                yield event[0], Record(offset, *event[1:])
                offset += 1
    finally:
        reader.close()
        process.terminate()
        process.join()


def _receive(reader: Connection) -> Block | None:
    try:
        block: Block | None = reader.recv()
    except EOFError:
        raise Failure("the process that simulates the history ended early: start the demo again") from None
    return block


def _simulate(writer: Connection, script: Script) -> None:
    """Send the history in blocks, None after the last one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the demo, which then ends us
    records = simulate(script.shop, script.seed, script.start_ms, script.live_ms, script.faults)
    events = ((one.kind, one.arrival_ms, one.key, one.value) for one in records)
    with suppress(BrokenPipeError):
        while block := tuple(zip(*islice(events, BLOCK), strict=True)):
            writer.send(block)
        writer.send(None)
