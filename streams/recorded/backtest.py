"""A backtest: the three machines over recorded events, without Kafka."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from streams.detect.detect import Detect
from streams.drift import is_drift
from streams.ingest.ingest import Ingest
from streams.machine import Output, Record
from streams.notify.notify import Notify
from streams.progress import is_progress
from streams.settings.model import EventKind, Settings

CHUNK = 20_000  # records, or
CHUNK_MS = 86_400_000  # event time between flushes: windows close in the same order whatever it is


@dataclass
class Tally:
    """What a backtest has seen, for its summary."""

    records: Counter[EventKind] = field(default_factory=Counter)
    first_ms: int | None = None
    last_ms: int = 0


class Backtest:
    """One partition of everything, in one process. `apply` records of several topics, then `finish`.

    Same alerts as live (sorted by window end, monitor, series, sequence) as long as the records' disorder
    stays within lateness and no limit was hit.
    """

    def __init__(self, settings: Settings, *, partitions: int = 1) -> None:
        """Build; `partitions`: of the partial topic, if its split matters (a checkpoint for workers)."""
        kafka = msgspec.structs.replace(
            settings.kafka, input_partitions=1, partitions={}, partial_partitions=partitions
        )
        time = msgspec.structs.replace(settings.time, replay=True)
        self.settings = msgspec.structs.replace(settings, kafka=kafka, time=time)
        self.ingests: dict[EventKind, Ingest] = {}
        homes = settings.kafka.partial_partitions if partitions == 1 else 1
        self.detects = [
            Detect(self.settings, p, durable=partitions > 1, homes=homes) for p in range(partitions)
        ]
        self.notify = Notify(self.settings)
        self.tally = Tally()
        self._offset = 0

    def run(self, records: Iterable[tuple[EventKind, Record]]) -> Iterator[Output]:
        """Yield all outputs that leave the machines: alerts, notifications, dead letters."""
        pending: dict[EventKind, list[Record]] = {}
        waiting, since_ms = 0, 0
        for kind, record in records:
            if waiting >= CHUNK or record.timestamp - since_ms >= CHUNK_MS:
                yield from self._apply(pending)
                pending, waiting, since_ms = {}, 0, record.timestamp
            pending.setdefault(kind, []).append(record)
            waiting += 1
        yield from self._apply(pending)
        yield from self._finish()

    def _apply(self, pending: dict[EventKind, list[Record]]) -> Iterator[Output]:
        partials: list[Output] = []
        for kind in pending:  # every source says that it is there before any time passes without it
            if kind not in self.ingests:
                self.ingests[kind] = Ingest(self.settings, kind, 0)
                partials += self.ingests[kind].flush(self.tally.last_ms, caught_up=False)
        for kind, records in pending.items():
            self._count(kind, records)
            self.ingests[kind].apply(records)
            for output in self.ingests[kind].flush(self.tally.last_ms, caught_up=False):
                if output.topic == self.settings.topics.partial:
                    partials.append(output)
                else:
                    yield from self._pass_on(output)
        yield from self._detected(partials)

    def _count(self, kind: EventKind, records: list[Record]) -> None:
        self.tally.records[kind] += len(records)
        if self.tally.first_ms is None:
            self.tally.first_ms = records[0].timestamp
        self.tally.last_ms = max(self.tally.last_ms, records[-1].timestamp)

    def _detected(self, partials: Iterable[Output]) -> Iterator[Output]:
        """Yield what comes of partials that stand for one stretch of time.

        Windows close after all of them, those of several topics in one go.
        """
        for partial in partials:  # no clock: every source is waited for, however rarely it writes
            self.detects[partial.partition or 0].take(partial.value or b"", written_ms=0)
        for detect in self.detects:
            detect.close_passed()
            for output in detect.flush(self.tally.last_ms, caught_up=False):
                yield from self._pass_on(output)

    def _pass_on(self, output: Output) -> Iterator[Output]:
        """Yield an output, and what notify makes of it."""
        if output.topic == self.settings.topics.alert:
            self.notify.apply([self._record(output, timestamp=self.tally.last_ms)])
            yield from self.notify.flush(self.tally.last_ms, caught_up=False)
            if is_progress(output.headers) or is_drift(output.headers):
                return
        yield output

    def _record(self, output: Output, timestamp: int) -> Record:
        self._offset += 1
        return Record(self._offset, timestamp, output.key, output.value, output.headers)

    def _finish(self) -> Iterator[Output]:
        pane_ms = self.settings.time.pane_ms
        end_ms = (self.tally.last_ms // pane_ms + 1) * pane_ms
        for detect in self.detects:
            detect.finish(end_ms)
            for output in detect.flush(end_ms, caught_up=True):
                yield from self._pass_on(output)
