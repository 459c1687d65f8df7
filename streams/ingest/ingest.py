"""Ingest: one input partition in; sums per pane and entity, dead letters and late events out."""

from collections.abc import Iterable, Sequence

import numpy as np

from detectors.alert import Change
from sinks.metrics import Sample
from streams.detect.reach import Reach
from streams.frozen import Frozen
from streams.ingest.batch import Batch
from streams.ingest.decoder import Decoder
from streams.ingest.duplicate import Duplicates
from streams.ingest.event import Event
from streams.ingest.fuse import Blow, Fuse
from streams.ingest.fuse_alert import fuse_alert
from streams.ingest.pane import Panes
from streams.ingest.parcel import parcels
from streams.ingest.presence import UNLOOKED, Presence, Standing
from streams.ingest.reject import Reject, to_dead_letter
from streams.ingest.state import Outcome, Small, Whole, read, to_metadata, to_state
from streams.ingest.watermark import Watermark
from streams.machine import Output, Record
from streams.partial import NO_TIME, Partial
from streams.plan import build_plan, plan_hash
from streams.settings.model import EventKind, Settings

SAMPLE_EVERY = 1_000  # of so many offsets, one is looked through for unknown fields
TOGETHER = 1_000  # so many records and their events lie in the processor's cache
SHORT = 16  # fewer records are sooner taken one by one
DAY_MS = 86_400_000  # the longest window


class Ingest:
    """The ingest machine of one input partition (see docs/architecture.md).

    Every record has one outcome: aggregated, rejected, late or duplicate. A late event is summed all the
    same (its partial restates the window) unless it is older than any window that can be restated. What is
    too late for one of its windows is kept on `<topic>.late` as it came.
    """

    def __init__(self, settings: Settings, kind: EventKind, partition: int) -> None:
        self._settings = settings
        self._topic = settings.topics.of_event(kind)
        self._partition = partition
        self._source = f"{self._topic}/{partition}"
        self._plan = plan_hash(build_plan(settings))
        self._too_late_ms = settings.time.restate_within_ms + DAY_MS
        self._reach = Reach(settings, kind)
        self._decoder = Decoder(settings, kind)
        self._panes = Panes(settings, kind)
        self._watermark = Watermark(settings.time.lateness_ms)
        self._duplicates = Duplicates(settings.limits.duplicate_horizon_ms, settings.limits.duplicate_ids)
        self._fuse = Fuse(settings.fuse)
        self._presence = Presence(settings.time)
        self._outcomes: dict[Outcome, int] = {"aggregated": 0, "rejected": 0, "late": 0, "duplicate": 0}
        self._reasons: dict[str, int] = {}
        self._unknown_fields = 0
        self._read = 0
        self._next_offset = 0
        self._record_ms = NO_TIME
        # since the last flush
        self._outputs: list[Output] = []
        self._flushed_read = self._flushed_late = 0
        self._mark_flushed(self._head(UNLOOKED, self._next_offset))
        self._alert_waits = False

    def apply(self, records: Sequence[Record]) -> None:
        """Take the next records of the log. Never raises on input."""
        for start in range(0, len(records), TOGETHER):
            self._take_batch(records[start : start + TOGETHER])

    def _take_batch(self, records: Sequence[Record]) -> None:
        if len(records) < SHORT or self._fuse.blow is not None:
            self._take_each(records)
            return
        batch = Batch(records, self._decoder)
        start = 0
        for stop in (*batch.odd(self._duplicates, self._watermark, SAMPLE_EVERY), len(records)):
            if stop - start < SHORT:
                self._take_each(records[start:stop])
            else:
                self._take_stretch(batch, slice(start, stop))
            start = stop + 1
            self._take_each(records[stop:start])
            if self._fuse.blow is not None:
                self._take_each(records[start:])
                return

    def _take_each(self, records: Sequence[Record]) -> None:
        for record in records:
            self._take(record)

    def _take_stretch(self, batch: Batch, at: slice) -> None:
        """Take records that are readable, new and in time; the same as `_take` of each."""
        last = batch.records[at.stop - 1]
        self._read += at.stop - at.start
        self._next_offset = last.offset + 1
        self._record_ms = max(self._record_ms, int(batch.record_ms[at].max()))
        tops_ms = np.maximum.accumulate(np.maximum(batch.steps_ms[at], self._watermark.top_ms))
        self._duplicates.remember(batch.ids[at], tops_ms)
        self._watermark.advance(int(tops_ms[-1]), last.timestamp)
        self._panes.add(batch.events[at])  # type: ignore[arg-type]  # none of them is None
        self._outcomes["aggregated"] += at.stop - at.start

    def _take(self, record: Record) -> None:
        self._read += 1
        self._next_offset = record.offset + 1
        record_ms = record.timestamp
        self._record_ms = max(self._record_ms, record_ms)
        if self._fuse.blow is not None:
            blow = self._fuse.mended(record.offset)
            if blow is not None:
                self._alert("resolved", blow, record)
        try:
            event = self._decoder.decode(record)
        except Reject as reject:
            self._reject(record, reject)
            return
        if record.offset % SAMPLE_EVERY == 0:
            self._unknown_fields += self._decoder.unknown_fields(record)
        self._outcomes[self._place(event, record)] += 1

    def _place(self, event: Event, record: Record) -> Outcome:
        event_ms: int = event.event_time  # type: ignore[assignment]  # the decoder made it epoch ms
        if self._duplicates.seen(event.event_id, self._watermark.top_after(event_ms, record.timestamp)):
            return "duplicate"
        behind_ms = self._watermark.observe(event_ms, record.timestamp)
        if behind_ms <= 0:
            self._panes.add([event])
            return "aggregated"
        counts = behind_ms <= self._too_late_ms
        if counts:
            self._panes.add([event])
        if not counts or self._reach.extent(event_ms, self._watermark.passed_ms) != "all":
            self._outputs.append(Output(f"{self._topic}.late", record.key, record.value, record.headers))
        return "late"

    def _reject(self, record: Record, reject: Reject) -> None:
        self._outcomes["rejected"] += 1
        self._reasons[reject.reason] = self._reasons.get(reject.reason, 0) + 1
        self._outputs.append(to_dead_letter(record, reject, self._topic, self._partition))
        blow = self._fuse.reject(self._read, record.offset, record.timestamp)
        if blow is not None:
            self._alert("opened", blow, record)

    def _alert(self, transition: Change, blow: Blow, record: Record) -> None:
        where = self._settings, self._topic, self._partition
        self._outputs.append(fuse_alert(*where, blow, transition=transition, record_ms=record.timestamp))
        self._alert_waits = True

    @property
    def due(self) -> bool:
        """Whether the watermark crossed a pane's end since the last flush, or an alert waits."""
        return self._alert_waits or self._pane(self._watermark.passed_ms) != self._pane(
            self._flushed.watermark_ms
        )

    @property
    def paused(self) -> bool:
        """Whether the fuse has blown: no more input until `reset_fuse`."""
        return self._fuse.paused

    def reset_fuse(self, offset: int) -> None:
        """Go on reading; rejects before the offset no longer count. Also before `restore` and replay."""
        self._fuse.reset(offset)

    def flush(self, now_ms: int, *, caught_up: bool) -> list[Output]:
        """Return dead letters, late events, alerts, and one partial for each partial partition.

        Without new records a partial is written when the source falls idle, and again each time its
        projected time enters a new pane.
        """
        outputs, self._outputs = self._outputs, []
        read = self._next_offset > self._flushed.to_offset
        at_end = caught_up and not self.paused
        standing = self._presence.look(self._watermark, now_ms, read=read, at_end=at_end)
        if read or standing.news:
            outputs += self._partials(standing)
        self._alert_waits = False
        return outputs

    def _partials(self, standing: Standing) -> list[Output]:
        before, head = self._flushed, self._head(standing, self._flushed.to_offset)
        split = self._panes.cells()
        self._mark_flushed(head)
        topic, key = self._settings.topics.partial, self._source.encode()
        return [
            Output(topic, key, data, partition=partition)
            for partition, groups in enumerate(split)
            for data in parcels(before, head._replace(groups=groups))
        ]

    def _head(self, standing: Standing, from_offset: int) -> Partial:
        """Return what a partial says of the source now, and of what was read since the last one."""
        return Partial(
            topic=self._topic,
            partition=self._partition,
            from_offset=from_offset,
            to_offset=self._next_offset,
            watermark_ms=self._watermark.passed_ms,
            projected_ms=standing.projected_ms,
            idle=standing.idle,
            record_ms=self._record_ms,
            read=self._read - self._flushed_read,
            late=self._outcomes["late"] - self._flushed_late,
            plan=self._plan,
            groups={},
        )

    def _mark_flushed(self, head: Partial) -> None:
        self._flushed = head
        self._flushed_read, self._flushed_late = self._read, self._outcomes["late"]

    def _pane(self, event_ms: int) -> int:
        return event_ms // self._settings.time.pane_ms

    def samples(self) -> Iterable[Sample]:
        """Return counters and gauges of this partition."""
        topic, partition = self._topic, str(self._partition)
        for outcome, records in self._outcomes.items():
            yield Sample("fenghuo_events_total", (topic, partition, outcome), records)
        for reason, records in self._reasons.items():
            yield Sample("fenghuo_rejects_total", (topic, reason), records)
        yield Sample("fenghuo_unknown_fields_total", (topic,), self._unknown_fields)
        if self._watermark.top_ms != NO_TIME:
            passed_s = self._watermark.passed_ms / 1000
            yield Sample("fenghuo_watermark_timestamp_seconds", (topic, partition), passed_s)
        yield Sample("fenghuo_fuse_blown", (topic, partition), float(self.paused))

    def metadata(self) -> str:
        """Return what must survive without a checkpoint: offset, watermark, counters, a blown fuse."""
        return to_metadata(self._small())

    def snapshot(self) -> Frozen:
        """Return the whole state. Call right after a flush: events pending are no part of it."""
        whole = Whole(
            small=self._small(),
            fuse_rejects=self._fuse.rejects(),
            reject_reasons=self._reasons,
            unknown_fields=self._unknown_fields,
            duplicates=self._duplicates.segments(),
        )
        return to_state(whole)

    def restore(self, blocks: Sequence[bytes], metadata: str) -> None:
        """Take over a snapshot; without one (no blocks) what the metadata holds. Raises StateRefused."""
        whole = read(blocks, metadata, self._source)
        small = whole.small
        self._watermark.top_ms, self._watermark.record_ms = small.top_ms, small.event_record_ms
        self._fuse.load(whole.fuse_rejects, small.blow)
        self._duplicates.load(whole.duplicates)
        self._outcomes.update(small.outcomes)
        self._reasons = whole.reject_reasons
        self._unknown_fields = whole.unknown_fields
        self._read = sum(self._outcomes.values())
        self._next_offset, self._record_ms = small.next_offset, small.record_ms
        self._mark_flushed(self._head(UNLOOKED, self._next_offset))

    def _small(self) -> Small:
        return Small(
            source=self._source,
            next_offset=self._next_offset,
            top_ms=self._watermark.top_ms,
            event_record_ms=self._watermark.record_ms,
            record_ms=self._record_ms,
            outcomes=self._outcomes,
            blow=self._fuse.blow,
        )
