"""The frontier: how far event time has passed, per topic, as detect knows it from the partials."""

from collections.abc import Iterable, Mapping

import msgspec

from streams.failure import Failure
from streams.partial import NO_TIME, Partial


class Source(msgspec.Struct):
    """The last word of one input partition."""

    topic: str
    to_offset: int
    watermark_ms: int
    projected_ms: int
    idle: bool
    written_ms: int  # when the partial was appended, by the log's clock
    lag_ms: int  # how much later than they happened its newest events were recorded
    read: int
    late: int


class HoleInLog(Failure):
    """A source's ranges do not tile: records were lost or counted twice. The process must stop."""


class Frontier(msgspec.Struct):
    """Watermark of a topic = min over its sources that are not idle; all idle: the greatest projected time.

    A topic never seen is not waited for; of a topic seen once, all `expected` partitions are, for each writes
    a marker at start-up. A source that has written nothing for `max_skew_ms` while others did (its partition
    is paused, its worker gone) is left out. What counts is when it wrote, not its event time: a source that
    works off a backlog lags by hours and must be waited for.
    """

    lateness_ms: int
    max_skew_ms: int
    expected: dict[str, int]  # topic -> partitions
    sources: dict[str, Source] = {}
    floor: dict[str, int] = {}
    written_ms: int = 0

    def advance(self, partial: Partial, written_ms: int) -> None:
        """Take a source's progress. Raises HoleInLog if its range does not follow the one before."""
        known = self.sources.get(partial.source)
        if known is not None and known.to_offset != partial.from_offset:
            raise HoleInLog(
                f"{partial.source}: range starts at {partial.from_offset}, the last one ended at"
                f" {known.to_offset}; the partial topic was tampered with or truncated: use a new group"
            )
        watermark, read, late = (known.watermark_ms, known.read, known.late) if known else (NO_TIME, 0, 0)
        lag_ms = partial.record_ms - partial.watermark_ms - self.lateness_ms
        self.sources[partial.source] = Source(
            topic=partial.topic,
            to_offset=partial.to_offset,
            watermark_ms=max(partial.watermark_ms, watermark),
            projected_ms=partial.projected_ms,
            idle=partial.idle,
            written_ms=written_ms,
            lag_ms=lag_ms if partial.watermark_ms > NO_TIME else 0,
            read=read + partial.read,
            late=late + partial.late,
        )
        self.written_ms = max(self.written_ms, written_ms)
        self._raise_floor(partial.topic)

    def passed(self, topics: Iterable[str]) -> int:
        """Return the event time all of these topics have passed, of those ever seen; NO_TIME if none was.

        A topic none of whose sources writes any more is not waited for, unless there is no other.
        """
        seen = [topic for topic in topics if self._is_seen(topic)]
        if len(seen) > 1:
            seen = [topic for topic in seen if self._writes(topic)] or seen
        return min((self._reached(topic) for topic in seen), default=NO_TIME)

    def lag_ms(self, topics: Iterable[str]) -> int:
        """Return how much later than they happened events of these topics are recorded: history, if hours."""
        wanted = set(topics)
        sources = [s for s in self.sources.values() if s.topic in wanted]
        awake = [s.lag_ms for s in sources if not s.idle]
        return max(awake or [s.lag_ms for s in sources], default=0)

    def late_ratio(self, topics: Iterable[str]) -> float:
        """Return the share of late records among those read from these topics."""
        wanted = set(topics)
        sources = [s for s in self.sources.values() if s.topic in wanted]
        read = sum(s.read for s in sources)
        return sum(s.late for s in sources) / read if read else 0.0

    def leave_sources(self) -> None:
        """Forget who wrote, keep how far time has passed: what follows comes from other sources."""
        self.sources = {}

    def _reached(self, topic: str) -> int:
        complete = len(self._sources_of(topic)) >= self.expected.get(topic, 1)
        return self.floor.get(topic, NO_TIME) if complete else NO_TIME

    def _is_seen(self, topic: str) -> bool:
        """Whether a topic has had an event: idle markers alone do not make anybody wait for it."""
        if topic in self.floor:
            return True
        return any(not s.idle or s.watermark_ms > NO_TIME for s in self._sources_of(topic).values())

    def _writes(self, topic: str) -> bool:
        since_ms = self.written_ms - self.max_skew_ms
        return any(source.written_ms >= since_ms for source in self._sources_of(topic).values())

    def _sources_of(self, topic: str) -> Mapping[str, Source]:
        return {name: source for name, source in self.sources.items() if source.topic == topic}

    def _raise_floor(self, topic: str) -> None:
        of_topic = self._sources_of(topic)
        if len(of_topic) < self.expected.get(topic, 1):
            return
        since_ms = self.written_ms - self.max_skew_ms
        watermark = _watermark([s for s in of_topic.values() if s.written_ms >= since_ms])
        if watermark > self.floor.get(topic, NO_TIME):
            self.floor[topic] = watermark


def _watermark(sources: list[Source]) -> int:
    awake = [s.watermark_ms for s in sources if not s.idle]
    if awake:
        return min(awake)
    return max((max(s.watermark_ms, s.projected_ms) for s in sources), default=NO_TIME)
