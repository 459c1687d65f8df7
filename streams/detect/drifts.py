"""Drifts: whether a watch's scores have changed their level, which tells that its detector fits less well."""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sinks.metrics import Sample
from streams.detect.pulse import Seen
from streams.detect.watch import Watch
from streams.drift import Drifted

if TYPE_CHECKING:
    from detectors.drift import Drift

DIGITS = 4  # of a mean score: what differs in the last bit between machines is no difference


class Drifts:
    """One window of mean scores per watch. It only tells: what is learned, detectors decide themselves."""

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self._rows: dict[Watch, int] = {}
        self.counts: Counter[str] = Counter()
        self.last_ms: dict[str, int] = {}

    def judged(self, seen: Seen) -> Drifted | None:
        """Take the mean score of the series that speak; return what drifted."""
        watch, verdict = seen.watch, seen.verdict
        speaking = np.isfinite(verdict.score) & watch.bank.speaking(verdict.rows)
        if not speaking.any():
            return None
        mean = round(float(verdict.score[speaking].mean()), DIGITS)
        if watch not in self._rows:
            self._rows[watch] = int(self._drift.add(1)[0])
        row = self._rows[watch]
        drifted = self._drift.update(np.array([row]), np.array([mean]))[0]
        level = self._drift.level(row)
        if not drifted or level is None:
            return None
        subject, end_ms = watch.subject, verdict.window.end_ms
        self.counts[subject.monitor.name] += 1
        self.last_ms[subject.monitor.name] = end_ms
        return Drifted(
            monitor=subject.monitor.name,
            by=subject.dims,
            window=subject.length_ms,
            partition=self._partition,
            since=end_ms - level.length * watch.boards[0].windows.hop_ms,
            end=end_ms,
            before=round(level.before, DIGITS),
            after=round(level.after, DIGITS),
        )

    def kept(self) -> Iterator[tuple[Watch, bytes]]:
        """Yield what is to be stored of each watch."""
        for watch, row in self._rows.items():
            yield watch, self._drift.dump(row)

    def put_back(self, watch: Watch, data: bytes) -> None:
        """Take over what was stored. Raises ValueError."""
        self._rows[watch] = self._drift.load(data)

    def samples(self) -> Iterator[Sample]:
        """Return how often and when the scores of each monitor drifted."""
        for monitor, count in self.counts.items():
            labels = (monitor, str(self._partition))
            yield Sample("fenghuo_drifts_total", labels, float(count))
            yield Sample("fenghuo_drift_timestamp_seconds", labels, self.last_ms[monitor] / 1000)

    @cached_property
    def _drift(self) -> "Drift":
        from detectors.drift import Drift  # noqa: PLC0415 (River takes a second to import: only when it runs)

        return Drift()
