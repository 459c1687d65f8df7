"""Ingest and detect in a row, as a worker runs them, driven by lists of events; no clock, no Kafka."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from detectors.alert import Alert
from sinks.alert_record import from_record
from streams.detect.detect import Detect
from streams.drift import is_drift
from streams.ingest.ingest import Ingest
from streams.machine import Output, Record
from streams.progress import Progress, from_value, is_progress
from streams.settings.model import EventKind, Settings

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
FIVE_MS = 5 * MINUTE_MS
START = 1_772_409_600_000  # 2026-03-02 00:00 UTC, a Monday
COUNT = {"event": "order", "where": {"type": "created"}, "count": True}
PAID = {"event": "order", "where": {"type": "paid"}, "count": True}
CLICKS = {"event": "click", "count": True}


def settings_of(
    metrics: Mapping[str, Any], monitors: Sequence[Mapping[str, Any]], **sections: Any
) -> Settings:
    """Return settings as the file would give them; one partition of everything, no lateness."""
    content = {
        "time": {"lateness": 0, "idle_after": 10_000, **sections.pop("time", {})},
        "kafka": {"input_partitions": 1, "partial_partitions": 1, **sections.pop("kafka", {})},
        "metrics": metrics,
        "monitors": [{"resolve_after": 1, **monitor} for monitor in monitors],
        **sections,
    }
    return msgspec.convert(content, Settings)


def limits(mildest: float, *, below: bool = False) -> dict[str, Any]:
    """Return a detector whose grades IV to I begin at the bound and at 2, 3 and 4 times (or parts) of it."""
    steps = [mildest / n if below else mildest * n for n in (1, 2, 3, 4)]
    side = "below" if below else "above"
    return {"threshold": {side: dict(zip(("IV", "III", "II", "I"), steps, strict=True))}}


def event(name: str, at: int, **fields: Any) -> dict[str, Any]:
    """Return an order, or a click if `type` says so."""
    return {"event_id": name, "event_time": at, "type": "created", "order_id": name, **fields}


def spread(n: int, start: int, length: int = FIVE_MS, tag: str = "", **fields: Any) -> list[dict[str, Any]]:
    """Return n events evenly over a span of time."""
    return [event(f"{tag}{start + i * length // n}-{i}", start + i * length // n, **fields) for i in range(n)]


class Chain:
    """One ingest a source, one detect a partial partition; what detect writes is kept."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        self.settings = settings
        self.ingests: dict[tuple[EventKind, int], Ingest] = {}
        partitions = range(settings.kafka.partial_partitions)
        self.detects = [Detect(settings, partition, **options) for partition in partitions]
        self.partials: list[list[Record]] = [[] for _ in partitions]
        self.alerts: list[Alert] = []
        self.values: list[bytes] = []
        self.progress: list[Progress] = []
        self.now = 0
        self._offsets: dict[tuple[EventKind, int], int] = {}

    def feed(
        self,
        events: Iterable[dict[str, Any] | bytes],
        kind: EventKind = "order",
        partition: int = 0,
        *,
        arrived: int | None = None,
    ) -> list[Alert]:
        """Append events to a source, each recorded when it happened or at `arrived`; return new alerts."""
        source = (kind, partition)
        for one in events:
            body = one if isinstance(one, bytes) else msgspec.json.encode(one)
            happened = self.now if isinstance(one, bytes) else int(one["event_time"])
            self.now = max(self.now, happened if arrived is None else arrived)
            offset = self._offsets.get(source, 0)
            self._offsets[source] = offset + 1
            self.ingest(source).apply([Record(offset, self.now, None, body)])
        return self.flush(source)

    def flush(self, source: tuple[EventKind, int] = ("order", 0), *, caught_up: bool = False) -> list[Alert]:
        """Write the source's partials, let detect read them, and return new alerts."""
        before = len(self.alerts)
        for output in self.ingest(source).flush(self.now, caught_up=caught_up):
            if output.topic == self.settings.topics.partial:
                self._detect(output)
        return self.alerts[before:]

    def wait(self, ms: int, source: tuple[EventKind, int] = ("order", 0)) -> list[Alert]:
        """Let time pass without events, looked at every ten seconds; return new alerts."""
        found = []
        for _ in range(ms // 10_000):
            self.now += 10_000
            found += self.flush(source, caught_up=True)
        return found

    def ingest(self, source: tuple[EventKind, int]) -> Ingest:
        """Return the machine of a source."""
        if source not in self.ingests:
            self.ingests[source] = Ingest(self.settings, *source)
        return self.ingests[source]

    def _detect(self, output: Output) -> None:
        partition = output.partition or 0
        log = self.partials[partition]
        log.append(Record(len(log), self.now, output.key, output.value, output.headers))
        self.detects[partition].apply(log[-1:])
        self.take(self.detects[partition].flush(self.now, caught_up=False))

    def take(self, outputs: Iterable[Output]) -> None:
        """Keep what detect wrote."""
        for output in outputs:
            if is_progress(output.headers):
                self.progress.append(from_value(output.value or b""))
            elif not is_drift(output.headers):
                self.values.append(output.value or b"")
                self.alerts.append(from_record(output.value or b""))

    def shown(self, family: str = "fenghuo_value") -> dict[tuple[str, str], float]:
        """Return (monitor, entity) -> value of a family of samples."""
        samples = [sample for detect in self.detects for sample in detect.series(10_000)]
        return {(s.labels[0], s.labels[2]): s.value for s in samples if s.name == family}


def told(alerts: Iterable[Alert]) -> list[tuple[int, str, int]]:
    """Return (minutes from START to the window's end, transition, grade)."""
    return [((a.window_end_ms - START) // MINUTE_MS, a.transition, a.grade) for a in alerts]
