"""Detect: partials in, alert transitions out; one machine per partial partition."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from detectors.bank import Window
from detectors.columns import Rows
from sinks.metrics import Sample
from streams.detect import state
from streams.detect.assembly import Assembly
from streams.detect.board import Board
from streams.detect.bucket import part_of
from streams.detect.drifts import Drifts
from streams.detect.eviction import evict
from streams.detect.freeze import freeze
from streams.detect.frontier import Frontier
from streams.detect.pile import Part, Pile
from streams.detect.pulse import Closing, Pulse, Seen, judge
from streams.detect.showcase import Showcase
from streams.detect.teller import Teller
from streams.detect.turn import turns
from streams.drift import to_output as drift_output
from streams.frozen import Frozen
from streams.machine import Output, Record
from streams.partial import NO_TIME, Sheet, from_bytes
from streams.progress import Progress, to_output
from streams.settings.model import EVENT_KINDS, Settings


class Detect:
    """Merges partials, closes windows when event time has passed them, judges, and tells what changed."""

    def __init__(self, settings: Settings, partition: int, *, durable: bool = True, homes: int = 1) -> None:
        """Build for one partial partition, or one that stands for so many `homes` of series (see Pools).

        Raises assembly.Refused for a detector a worker cannot keep.
        """
        expected = {
            settings.topics.of_event(kind): settings.kafka.partitions_of(kind) for kind in EVENT_KINDS
        }
        self.settings = settings
        self.partition = partition
        self.parts = Assembly(settings, durable=durable, homes=homes)
        self.frontier = Frontier(settings.time.lateness_ms, settings.time.max_skew_ms, expected)
        self.showcase = Showcase(partition)
        self.drifts = Drifts(partition)
        self.passed_ms = NO_TIME
        self._teller = Teller(settings)
        self._outputs: list[Output] = []

    @property
    def due(self) -> bool:
        """Windows were closed: somebody waits for them."""
        return bool(self._outputs)

    @property
    def paused(self) -> bool:
        """Never: partials are our own."""
        return False

    def reset_fuse(self, offset: int) -> None:
        """Detect has no fuse."""

    def apply(self, records: Sequence[Record]) -> None:
        """Take partials. Raises HoleInLog or PartialRefused: our own log is damaged, so stop."""
        for record in records:
            if record.value is not None:
                self.take(record.value, record.timestamp)
                self.close_passed()

    def take(self, value: bytes, written_ms: int) -> None:
        """Take a partial, and close nothing. Raises as `apply`."""
        partial = from_bytes(value)
        self.frontier.advance(partial, written_ms)
        for sheet in partial.sheets:
            self._spread(sheet, partial.topic)

    def flush(self, now_ms: int, *, caught_up: bool) -> list[Output]:  # noqa: ARG002 (the contract of machines)
        """Return alerts since the last flush and how far windows are closed."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def metadata(self) -> str:
        """Detect keeps nothing beside its checkpoints."""
        return ""

    def snapshot(self) -> Frozen:
        """Return the whole state, frozen: blocks are encoded when they are asked for."""
        return freeze(self)

    def restore(self, blocks: Sequence[bytes], metadata: str) -> None:  # noqa: ARG002 (the contract of machines)
        """Take over a state; a watch whose configuration changed starts anew. Raises StateRefused."""
        state.load(self, blocks)

    def samples(self) -> Iterable[Sample]:
        """Return counters."""
        return (*self.showcase.samples(self.parts), *self.drifts.samples())

    def series(self, limit: int) -> Iterator[Sample]:
        """Yield values and bands of the last windows. Only reads."""
        return self.showcase.series(limit)

    def close_passed(self) -> None:
        """Close every window that event time has passed, earliest end first, and tell how far that is."""
        closed = False
        for together in turns(list(self.parts.pulses.values()), self._ready):
            self._close(together)
            closed = True
        if closed:
            for board in self.parts.readers:
                board.forget()
        self._tell_progress()

    def _tell_progress(self) -> None:
        pane_ms = self.settings.time.pane_ms
        passed = self.frontier.passed(self.frontier.floor)
        if passed // pane_ms > self.passed_ms // pane_ms:
            self.passed_ms = passed
            lag_ms = self.frontier.lag_ms(self.frontier.floor)
            progress = Progress(self.partition, passed, passed + lag_ms)
            self._outputs.append(to_output(progress, self.settings.topics.alert))

    def finish(self, end_ms: int) -> None:
        """Close what is open when the log ends at end_ms, but no window of which over a tenth is missing.

        Half a window is not a drop. Time has passed the windows closed early for those who read on, not here.
        """
        for topic, floor in self.frontier.floor.items():
            self.frontier.floor[topic] = max(floor, end_ms)
        self.close_passed()
        passed_ms = end_ms
        for pulse in self.parts.pulses.values():
            end = pulse.cursor.next_end()
            if end is not None and end - end_ms <= pulse.cursor.windows.length_ms // 10:
                self._close([pulse])
                passed_ms = max(passed_ms, end)
        if passed_ms > end_ms:
            progress = Progress(self.partition, passed_ms, passed_ms)
            self._outputs.append(to_output(progress, self.settings.topics.alert))

    def _ready(self, pulse: Pulse) -> int | None:
        """Return the end of the next window of a pulse if event time has passed it."""
        passed = self.frontier.passed(pulse.topics)
        if pulse.cursor.is_far_from(passed):
            self.parts.merge()
            pulse.skip_gap(passed)
        end = pulse.cursor.next_end()
        return end if end is not None and end <= passed else None

    def _spread(self, sheet: Sheet, topic: str) -> None:
        """Let a sheet wait in the piles of its groups; what comes late is not waited with."""
        routes = self.parts.routes(tuple(sheet.groups))
        if not routes:
            return
        slots = routes[0].pile.roster.slots(sheet.entities)[sheet.entity]
        for route in routes:
            for part in route.pile.parts(sheet, route.board, slots):
                if sheet.plain and route.in_time(part.start_ms):
                    route.pile.wait(part, sheet)
                else:
                    self._merge(route.pile, part, sheet, topic)

    def _merge(self, pile: Pile, part: Part, sheet: Sheet, topic: str) -> None:
        for place in np.unique(part.board).tolist():
            board, slots, entries = pile.boards[place], *part.of(place)
            oldest_ms = board.oldest_needed_ms()
            if oldest_ms is not None and part.start_ms < oldest_ms:
                late = len(slots)
            else:
                board.add(part.start_ms, slots, part_of(sheet, entries))
                pulses = self.parts.readers[board]
                in_time = [self._take(pulse, board, part.start_ms, slots) for pulse in pulses]
                late = 0 if any(in_time) else len(slots)
            if not board.group.lends:  # what it holds is that of others
                self.showcase.too_late(topic, late)

    def _take(self, pulse: Pulse, board: Board, bucket: int, slots: Rows) -> bool:
        """Let a pulse use what came for a bucket; return whether it was in time, if only to restate."""
        pulse.cursor.begin(bucket)
        if bucket >= (pulse.cursor.next_ms or 0):
            return True
        self.parts.merge()
        since = self.frontier.passed(pulse.topics) - self.settings.time.restate_within_ms
        for seen in pulse.restate(board, bucket, slots, since):
            self.showcase.restating(seen)
            self._outputs += self._teller.tell(seen, self.frontier)
        return pulse.cursor.windows.next_bucket(bucket) >= since

    def _close(self, pulses: Sequence[Pulse]) -> None:
        """Close the next window of pulses whose windows end together."""
        self.parts.merge()
        same: dict[tuple[int, Window], list[Closing]] = {}
        for pulse in pulses:
            closing = pulse.close()
            same.setdefault((closing.windows.hop_ms, closing.window), []).append(closing)
        seen = {one.watch: one for closings in same.values() for one in judge(closings)}
        for pulse in pulses:
            for one in (seen[watch] for watch in pulse.watches if watch in seen and watch.told):
                pulse.keep(one)
                self._told(one)
            if gone := evict(self.parts, pulse, self.settings.limits.series_ttl_ms):
                self.showcase.evicted.update(gone)
                self.showcase.show_again(pulse.kept)

    def _told(self, seen: Seen) -> None:
        self.showcase.judged(seen)
        self._outputs += self._teller.tell(seen, self.frontier)
        if (drifted := self.drifts.judged(seen)) is not None:
            self._outputs.append(drift_output(drifted, self.settings.topics.alert))
