"""The history: the week the shop has behind it, simulated in one process while another learns it."""

import signal
from collections.abc import Iterator, Sequence
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


def learn_history(script: Script, settings: Settings) -> tuple[int, Sequence[list[bytes]]]:
    """Return how many events were learned, and the state of each detect partition.

    Raises Failure if the simulating process ends early.
    """
    run, states = learn(settings, _history(script))
    return sum(run.tally.records.values()), states


def _history(script: Script) -> Iterator[Event]:
    """Yield what the other process simulates; it ends with this generator, or when we are gone."""
    context = get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_simulate, args=(writer, script), daemon=True)
    process.start()
    writer.close()
    try:
        while block := _receive(reader):
            yield from block
    finally:
        reader.close()
        process.terminate()
        process.join()


def _receive(reader: Connection) -> Sequence[Event]:
    try:
        block: Sequence[Event] = reader.recv()
    except EOFError:
        raise Failure("the process that simulates the history ended early: try again") from None
    return block


def _simulate(writer: Connection, script: Script) -> None:
    """Send the history in blocks, the last one empty."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the demo, which closes the pipe
    records = simulate(script.shop, script.seed, script.start_ms, script.live_ms, script.faults)
    events = ((one.kind, Record(n, one.arrival_ms, one.key, one.value)) for n, one in enumerate(records))
    with suppress(BrokenPipeError):
        while block := list(islice(events, BLOCK)):
            writer.send(block)
        writer.send(())
