"""The golden run: the machines of the workers, in this process, undisturbed, over the logs as they lie."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.detect.detect import Detect
from streams.ingest.ingest import Ingest
from streams.machine import Machine, Output, Record
from streams.notify.notify import Notify
from streams.settings.model import Settings
from tests.chaos.real.shop import PARTITIONS

BATCH = 97  # no multiple of anything in the runner
Source = tuple[str, int]  # topic, partition


class Logs(NamedTuple):
    """What a read_committed reader sees, per topic and partition."""

    inputs: Mapping[Source, Sequence[Record]]
    partials: Sequence[Sequence[Record]]
    alerts: Sequence[Record]
    notifications: Sequence[Record]


def ingests(settings: Settings) -> dict[Source, Ingest]:
    """Return a new machine for each input partition."""
    return {
        (settings.topics.of_event(kind), part): Ingest(settings, kind, part)
        for kind, count in PARTITIONS.items()
        for part in range(count)
    }


def told_from_inputs(settings: Settings, logs: Logs) -> tuple[list[Output], dict[Source, Ingest]]:
    """Run ingest and detect over the input logs; return what detect tells, and the ingest machines."""
    sources = ingests(settings)
    detects = [Detect(settings, part) for part in range(settings.kafka.partial_partitions)]
    told: list[Output] = []
    # All sources side by side, each over the same share of its log.
    steps = max(map(len, logs.inputs.values())) // BATCH + 1
    for step in range(steps):
        for source, machine in sources.items():
            log = logs.inputs[source]
            machine.apply(log[len(log) * step // steps : len(log) * (step + 1) // steps])
            for output in machine.flush(0, caught_up=False):
                if output.topic == settings.topics.partial:
                    detects[output.partition or 0].apply([Record(0, 0, output.key, output.value)])
        told += [output for detect in detects for output in detect.flush(0, caught_up=False)]
    return told, sources


def run(machine: Machine, log: Sequence[Record]) -> list[Output]:
    """Run a machine over a whole log; return its outputs."""
    outputs: list[Output] = []
    for first in range(0, len(log), BATCH):
        machine.apply(log[first : first + BATCH])
        outputs += machine.flush(0, caught_up=False)
    return outputs


def at(machine: Machine, log: Sequence[Record], offset: int) -> Machine:
    """Return the machine, brought to an offset of its log."""
    run(machine, [record for record in log if record.offset < offset])
    return machine


def detects(settings: Settings) -> list[Detect]:
    """Return a new machine for each partial partition."""
    return [Detect(settings, part) for part in range(settings.kafka.partial_partitions)]


def notify(settings: Settings) -> Notify:
    """Return a new machine."""
    return Notify(settings)
