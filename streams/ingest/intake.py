"""The intake of one input partition: gives each record its one outcome."""

from collections.abc import Sequence

import numpy as np

from detectors.alert import Change
from streams.detect.reach import Reach
from streams.ingest.batch import Batch
from streams.ingest.decoder import Decoder
from streams.ingest.duplicate import Duplicates
from streams.ingest.event import Event
from streams.ingest.fuse import Blow, Fuse
from streams.ingest.fuse_alert import fuse_alert
from streams.ingest.pane import Panes
from streams.ingest.reject import Reject, to_dead_letter
from streams.ingest.state import Outcome, Small, Whole
from streams.ingest.watermark import Watermark
from streams.machine import Output, Record
from streams.partial import NO_TIME
from streams.settings.model import EventKind, Settings

SAMPLE_EVERY = 1_000  # of so many offsets, one is looked through for unknown fields
TOGETHER = 1_000  # so many records and their events lie in the processor's cache
SHORT = 16  # fewer records are sooner taken one by one
DAY_MS = 86_400_000  # the longest window


class Intake:
    """Decodes records and sorts them: aggregated, rejected, late or duplicate.

    A late event is summed all the same (its partial restates the window) unless it is older than any window
    that can be restated. What is too late for one of its windows is kept on `<topic>.late` as it came.

    source       topic/partition
    panes        sums of what was aggregated
    read         records taken so far, ever
    outcomes     these records by outcome; `reasons`: rejects by reason
    next_offset  first offset not taken; `record_ms`: greatest record timestamp
    alert_waits  among what `take_outputs` returns next there is an alert
    """

    def __init__(self, settings: Settings, kind: EventKind, partition: int) -> None:
        self._settings = settings
        self._topic = settings.topics.of_event(kind)
        self._partition = partition
        self._too_late_ms = settings.time.restate_within_ms + DAY_MS
        self._reach = Reach(settings, kind)
        self._decoder = Decoder(settings, kind)
        self._duplicates = Duplicates(settings.limits.duplicate_horizon_ms, settings.limits.duplicate_ids)
        self._outputs: list[Output] = []
        self.source = f"{self._topic}/{partition}"
        self.panes = Panes(settings, kind)
        self.watermark = Watermark(settings.time.lateness_ms)
        self.fuse = Fuse(settings.fuse)
        self.outcomes: dict[Outcome, int] = {"aggregated": 0, "rejected": 0, "late": 0, "duplicate": 0}
        self.reasons: dict[str, int] = {}
        self.unknown_fields = 0
        self.read = 0
        self.next_offset = 0
        self.record_ms = NO_TIME
        self.alert_waits = False

    def take(self, records: Sequence[Record]) -> None:
        """Take the next records of the log. Never raises on input."""
        for start in range(0, len(records), TOGETHER):
            self._take_batch(records[start : start + TOGETHER])

    def _take_batch(self, records: Sequence[Record]) -> None:
        if len(records) < SHORT or self.fuse.blow is not None:
            self._take_each(records)
            return
        batch = Batch(records, self._decoder)
        start = 0
        for stop in (*batch.odd(self._duplicates, self.watermark, SAMPLE_EVERY), len(records)):
            if stop - start < SHORT:
                self._take_each(records[start:stop])
            else:
                self._take_stretch(batch, slice(start, stop))
            start = stop + 1
            self._take_each(records[stop:start])
            if self.fuse.blow is not None:
                self._take_each(records[start:])
                return

    def _take_each(self, records: Sequence[Record]) -> None:
        for record in records:
            self._take(record)

    def _take_stretch(self, batch: Batch, at: slice) -> None:
        """Take records that are readable, new and in time; the same as `_take` of each."""
        last = batch.records[at.stop - 1]
        self.read += at.stop - at.start
        self.next_offset = last.offset + 1
        self.record_ms = max(self.record_ms, int(batch.record_ms[at].max()))
        tops_ms = np.maximum.accumulate(np.maximum(batch.steps_ms[at], self.watermark.top_ms))
        self._duplicates.remember(batch.ids[at], tops_ms)
        self.watermark.advance(int(tops_ms[-1]), last.timestamp)
        self.panes.add(batch.events[at])  # type: ignore[arg-type]  # none of them is None
        self.outcomes["aggregated"] += at.stop - at.start

    def _take(self, record: Record) -> None:
        self.read += 1
        self.next_offset = record.offset + 1
        record_ms = record.timestamp
        self.record_ms = max(self.record_ms, record_ms)
        if self.fuse.blow is not None:
            blow = self.fuse.mended(record.offset)
            if blow is not None:
                self._alert("resolved", blow, record)
        try:
            event = self._decoder.decode(record)
        except Reject as reject:
            self._reject(record, reject)
            return
        if record.offset % SAMPLE_EVERY == 0:
            self.unknown_fields += self._decoder.unknown_fields(record)
        self.outcomes[self._place(event, record)] += 1

    def _place(self, event: Event, record: Record) -> Outcome:
        event_ms: int = event.event_time  # type: ignore[assignment]  # the decoder made it epoch ms
        if self._duplicates.seen(event.event_id, self.watermark.top_after(event_ms, record.timestamp)):
            return "duplicate"
        behind_ms = self.watermark.observe(event_ms, record.timestamp)
        if behind_ms <= 0:
            self.panes.add([event])
            return "aggregated"
        counts = behind_ms <= self._too_late_ms
        if counts:
            self.panes.add([event])
        if not counts or self._reach.extent(event_ms, self.watermark.passed_ms) != "all":
            self._outputs.append(Output(f"{self._topic}.late", record.key, record.value, record.headers))
        return "late"

    def _reject(self, record: Record, reject: Reject) -> None:
        self.outcomes["rejected"] += 1
        self.reasons[reject.reason] = self.reasons.get(reject.reason, 0) + 1
        self._outputs.append(to_dead_letter(record, reject, self._topic, self._partition))
        blow = self.fuse.reject(self.read, record.offset, record.timestamp)
        if blow is not None:
            self._alert("opened", blow, record)

    def _alert(self, transition: Change, blow: Blow, record: Record) -> None:
        where = self._settings, self._topic, self._partition
        self._outputs.append(fuse_alert(*where, blow, transition=transition, record_ms=record.timestamp))
        self.alert_waits = True

    def take_outputs(self) -> list[Output]:
        """Return dead letters, late events and alerts since the last call."""
        outputs, self._outputs, self.alert_waits = self._outputs, [], False
        return outputs

    def small(self) -> Small:
        """Return what must survive without a checkpoint."""
        return Small(
            source=self.source,
            next_offset=self.next_offset,
            top_ms=self.watermark.top_ms,
            event_record_ms=self.watermark.record_ms,
            record_ms=self.record_ms,
            outcomes=self.outcomes,
            blow=self.fuse.blow,
        )

    def whole(self) -> Whole:
        """Return the whole state; events that wait in `panes` are no part of it."""
        return Whole(
            small=self.small(),
            fuse_rejects=self.fuse.rejects(),
            reject_reasons=self.reasons,
            unknown_fields=self.unknown_fields,
            duplicates=self._duplicates.segments(),
        )

    def load(self, whole: Whole) -> None:
        """Take over the state of `whole`."""
        small = whole.small
        self.watermark.top_ms, self.watermark.record_ms = small.top_ms, small.event_record_ms
        self.fuse.load(whole.fuse_rejects, small.blow)
        self._duplicates.load(whole.duplicates)
        self.outcomes.update(small.outcomes)
        self.reasons = whole.reject_reasons
        self.unknown_fields = whole.unknown_fields
        self.read = sum(self.outcomes.values())
        self.next_offset, self.record_ms = small.next_offset, small.record_ms
