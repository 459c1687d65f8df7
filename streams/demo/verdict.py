"""The verdict: which injected faults the notifications tell of, how badly, and how soon."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from detectors.series import dimensions_of, split_series_id
from sinks.notification import Notification
from streams.simulate.truth import FaultTruth

AFTERMATH_MS = 60 * 60_000  # unpaid orders are cancelled, people come back: so long after its end


class Finding(NamedTuple):
    """What was told of a fault.

    delay_s  from its start to the end of the first window told; None: nothing was
    """

    fault: FaultTruth
    grade: int
    monitor: str
    delay_s: float | None


class Others(NamedTuple):
    """First notifications of the incidents that name no injected fault.

    beside  began while a fault lasted or within an hour after it: mostly its consequences
    false   began at another time
    """

    beside: Sequence[Notification]
    false: Sequence[Notification]


def judge(faults: Sequence[FaultTruth], notes: Sequence[Notification]) -> list[Finding]:
    """Return one finding per fault: the first notification of it, and the worst grade it came to."""
    return [_finding(fault, notes) for fault in faults]


def others(faults: Sequence[FaultTruth], notes: Sequence[Notification]) -> Others:
    """Return the incidents that name no fault; one that began before the fault it came to name is false."""
    firsts: dict[str, Notification] = {}
    for note in notes:
        firsts.setdefault(note.incident_id, note)
    naming = {note.incident_id for note in notes if any(_monitor(fault, note) for fault in faults)}
    within = [note for note in firsts.values() if any(_follows(fault, note) for fault in faults)]
    beside = [note for note in within if note.incident_id not in naming]
    return Others(beside, [note for note in firsts.values() if note not in within])


def _finding(fault: FaultTruth, notes: Iterable[Notification]) -> Finding:
    told = [(note, monitor) for note in notes if (monitor := _monitor(fault, note)) is not None]
    if not told:
        return Finding(fault, 0, "", None)
    first, monitor = told[0]
    delay_s = (first.window.end - fault.start_ms) / 1000
    return Finding(fault, max(note.grade for note, _ in told), monitor, delay_s)


def _monitor(fault: FaultTruth, note: Notification) -> str | None:
    """Return the monitor by which a notification tells of a fault, None if it does not."""
    if note.grade == 0 or note.window.end <= fault.start_ms or note.window.start >= fault.end_ms:
        return None
    for alert in note.alerts:
        metric, entity = split_series_id(alert.series)
        dimensions = dimensions_of(entity)
        hit = all(dimensions.get(name, value) == value for name, value in fault.dimensions.items())
        if metric in fault.metrics and hit:
            return alert.monitor
    return None


def _follows(fault: FaultTruth, note: Notification) -> bool:
    return fault.start_ms < note.window.end and note.window.start < fault.end_ms + AFTERMATH_MS
