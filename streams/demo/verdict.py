"""The verdict: which injected faults the notifications tell of, how badly, and how soon."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from detectors.series import dimensions_of, split_series_id
from sinks.notification import Notification
from streams.simulate.truth import FaultTruth

SLACK_MS = 45 * 60_000  # a fault may be told this long after its end
AFTERMATH_MS = 120 * 60_000  # and its consequences (cancelled orders, say) this long


class Finding(NamedTuple):
    """What was told of a fault. `delay_s` None: nothing."""

    fault: FaultTruth
    grade: int
    monitor: str
    delay_s: float | None


def judge(faults: Sequence[FaultTruth], notes: Sequence[Notification]) -> list[Finding]:
    """Return one finding per fault: the first notification of it, and the worst grade it came to."""
    return [_finding(fault, notes) for fault in faults]


def unexplained(faults: Sequence[FaultTruth], notes: Sequence[Notification]) -> list[Notification]:
    """Return the first notification of each incident that began apart from every fault and its aftermath."""
    firsts: dict[str, Notification] = {}
    for note in notes:
        firsts.setdefault(note.incident_id, note)
    return [note for note in firsts.values() if not any(_follows(fault, note) for fault in faults)]


def _finding(fault: FaultTruth, notes: Iterable[Notification]) -> Finding:
    told = [(note, monitor) for note in notes if (monitor := _monitor(fault, note)) is not None]
    if not told:
        return Finding(fault, 0, "", None)
    first, monitor = told[0]
    delay_s = (first.window.end - fault.start_ms) / 1000
    return Finding(fault, max(note.grade for note, _ in told), monitor, delay_s)


def _monitor(fault: FaultTruth, note: Notification) -> str | None:
    """Return the monitor by which a notification tells of a fault, None if it does not."""
    if note.grade == 0 or not fault.start_ms < note.window.end <= fault.end_ms + SLACK_MS:
        return None
    for alert in note.alerts:
        metric, entity = split_series_id(alert.series)
        dimensions = dimensions_of(entity)
        if metric in fault.metrics and all(
            dimensions.get(name, value) == value for name, value in fault.dimensions.items()
        ):
            return alert.monitor
    return None


def _follows(fault: FaultTruth, note: Notification) -> bool:
    return fault.start_ms < note.window.end <= fault.end_ms + AFTERMATH_MS
