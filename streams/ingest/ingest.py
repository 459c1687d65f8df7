"""Ingest: one input partition in; sums per pane and entity, dead letters and late events out."""

from collections.abc import Iterable, Sequence

from sinks.metrics import Sample
from streams.frozen import Frozen
from streams.ingest.intake import Intake
from streams.ingest.parcel import parcels
from streams.ingest.presence import UNLOOKED, Presence, Standing
from streams.ingest.state import read, to_metadata, to_state
from streams.machine import Output, Record
from streams.partial import NO_TIME, Partial
from streams.plan import build_plan, plan_hash
from streams.settings.model import EventKind, Settings


class Ingest:
    """The ingest machine of one input partition (see docs/architecture.md)."""

    def __init__(self, settings: Settings, kind: EventKind, partition: int) -> None:
        self._settings = settings
        self._topic = settings.topics.of_event(kind)
        self._partition = partition
        self._plan = plan_hash(build_plan(settings))
        self._intake = Intake(settings, kind, partition)
        self._presence = Presence(settings.time)
        self._flushed_read = self._flushed_late = 0
        self._mark_flushed(self._head(UNLOOKED, 0))

    def apply(self, records: Sequence[Record]) -> None:
        """Take the next records of the log. Never raises on input."""
        self._intake.take(records)

    @property
    def due(self) -> bool:
        """Whether the watermark crossed a pane's end since the last flush, or an alert waits."""
        passed_ms = self._intake.watermark.passed_ms
        return self._intake.alert_waits or self._pane(passed_ms) != self._pane(self._flushed.watermark_ms)

    @property
    def paused(self) -> bool:
        """Whether the fuse has blown: no more input until `reset_fuse`."""
        return self._intake.fuse.paused

    def reset_fuse(self, offset: int) -> None:
        """Go on reading; rejects before the offset no longer count. Also before `restore` and replay."""
        self._intake.fuse.reset(offset)

    def flush(self, now_ms: int, *, caught_up: bool) -> list[Output]:
        """Return dead letters, late events, alerts, and one partial for each partial partition.

        Without new records a partial is written when the source falls idle, and again each time its
        projected time enters a new pane.
        """
        outputs = self._intake.take_outputs()
        read = self._intake.next_offset > self._flushed.to_offset
        at_end = caught_up and not self.paused
        standing = self._presence.look(self._intake.watermark, now_ms, read=read, at_end=at_end)
        if read or standing.news:
            outputs += self._partials(standing)
        return outputs

    def _partials(self, standing: Standing) -> list[Output]:
        before, head = self._flushed, self._head(standing, self._flushed.to_offset)
        split = self._intake.panes.sheets()
        self._mark_flushed(head)
        topic, key = self._settings.topics.partial, self._intake.source.encode()
        return [
            Output(topic, key, data, partition=partition)
            for partition, sheets in enumerate(split)
            for data in parcels(before, head._replace(sheets=sheets))
        ]

    def _head(self, standing: Standing, from_offset: int) -> Partial:
        """Return what a partial says of the source now, and of what was read since the last one."""
        intake = self._intake
        return Partial(
            topic=self._topic,
            partition=self._partition,
            from_offset=from_offset,
            to_offset=intake.next_offset,
            watermark_ms=intake.watermark.passed_ms,
            projected_ms=standing.projected_ms,
            idle=standing.idle,
            record_ms=intake.record_ms,
            read=intake.read - self._flushed_read,
            late=intake.outcomes["late"] - self._flushed_late,
            plan=self._plan,
            sheets=(),
        )

    def _mark_flushed(self, head: Partial) -> None:
        self._flushed = head
        self._flushed_read, self._flushed_late = self._intake.read, self._intake.outcomes["late"]

    def _pane(self, event_ms: int) -> int:
        return event_ms // self._settings.time.pane_ms

    def samples(self) -> Iterable[Sample]:
        """Return counters and gauges of this partition."""
        topic, partition, intake = self._topic, str(self._partition), self._intake
        for outcome, records in intake.outcomes.items():
            yield Sample("fenghuo_events_total", (topic, partition, outcome), records)
        for reason, records in intake.reasons.items():
            yield Sample("fenghuo_rejects_total", (topic, reason), records)
        yield Sample("fenghuo_unknown_fields_total", (topic,), intake.unknown_fields)
        if intake.watermark.top_ms != NO_TIME:
            passed_s = intake.watermark.passed_ms / 1000
            yield Sample("fenghuo_watermark_timestamp_seconds", (topic, partition), passed_s)
        yield Sample("fenghuo_fuse_blown", (topic, partition), float(self.paused))

    def metadata(self) -> str:
        """Return what must survive without a checkpoint: offset, watermark, counters, a blown fuse."""
        return to_metadata(self._intake.small())

    def snapshot(self) -> Frozen:
        """Return the whole state. Call right after a flush: events pending are no part of it."""
        return to_state(self._intake.whole())

    def restore(self, blocks: Sequence[bytes], metadata: str) -> None:
        """Take over a snapshot; without one (no blocks) what the metadata holds. Raises StateRefused."""
        self._intake.load(read(blocks, metadata, self._intake.source))
        self._mark_flushed(self._head(UNLOOKED, self._intake.next_offset))
