"""The showcase: what /metrics shows of detect, values and bands of the last window of every series."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from detectors.columns import Rows
from sinks.metrics import Sample
from streams.detect.assembly import Assembly
from streams.detect.pulse import Seen
from streams.detect.watch import Watch

_FAMILIES = ("fenghuo_value", "fenghuo_expected", "fenghuo_lower", "fenghuo_upper", "fenghuo_score")


class Showcase:
    """Keeps references to the last verdicts; samples are made only when somebody asks."""

    def __init__(self, partition: int) -> None:
        self._partition = str(partition)
        self._last: dict[Watch, Seen] = {}
        self.windows: Counter[str] = Counter()
        self.restated: Counter[str] = Counter()
        self.late: Counter[str] = Counter()

    def judged(self, seen: Seen) -> None:
        """Remember what a window showed."""
        self.windows[seen.watch.subject.monitor.name] += 1
        self.show(seen)

    def show(self, seen: Seen) -> None:
        """Show this window from now on, counted already."""
        self._last[seen.watch] = seen

    def restating(self, seen: Seen) -> None:
        """Count a closed window told anew. What it shows now is in the verdict remembered already."""
        self.restated[seen.watch.subject.monitor.name] += 1

    def too_late(self, topic: str, cells: int) -> None:
        """Count cells of windows that can no longer be restated."""
        self.late[topic] += cells

    def samples(self, parts: Assembly) -> Iterator[Sample]:
        """Return all samples; of a monitor with several window sizes, only the level that speaks."""
        for seen in self._last.values():
            yield from _bands(seen)
        yield from self._counters(parts)

    def _counters(self, parts: Assembly) -> Iterator[Sample]:
        series: Counter[str] = Counter()
        for watch in parts.watches.values():
            series[watch.subject.monitor.name] += int((watch.rows >= 0).sum())
        for name, counts in (
            ("fenghuo_series", series),
            ("fenghuo_windows_total", self.windows),
            ("fenghuo_restatements_total", self.restated),
            ("fenghuo_too_late_total", self.late),
        ):
            yield from (Sample(name, (key, self._partition), float(n)) for key, n in counts.items())
        for dims, roster in parts.rosters.items():
            labels = (",".join(dims), self._partition)
            yield Sample("fenghuo_series_over_limit_total", labels, float(roster.refused))


def _bands(seen: Seen) -> Iterator[Sample]:
    watch, verdict = seen.watch, seen.verdict
    speaking = watch.bank.speaking(verdict.rows)
    labels = _labels(watch, seen.slots)
    columns = (verdict.values, *verdict.judgement[2:], verdict.score)
    for family, column in zip(_FAMILIES, columns, strict=True):
        for at in np.flatnonzero(speaking & np.isfinite(column)).tolist():
            yield Sample(family, labels[at], float(column[at]))


def _labels(watch: Watch, slots: Rows) -> list[tuple[str, str, str]]:
    monitor, entities = watch.subject.monitor, watch.roster.entities
    return [(monitor.name, monitor.metric, entities[slot]) for slot in slots.tolist()]
