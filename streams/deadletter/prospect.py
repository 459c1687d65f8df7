"""The prospect of a letter: what would become of its event if it were sent again now."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from streams.deadletter.letter import ATTEMPTS_MAX, Letter
from streams.detect.reach import Extent, Reach
from streams.ingest.decoder import Decoder
from streams.ingest.reject import Reject
from streams.ingest.state import Small
from streams.ingest.watermark import Watermark
from streams.machine import Record
from streams.partial import NO_TIME
from streams.settings.model import EventKind, Settings

Fate = Literal["counted", "partly", "too_late", "refused", "exhausted", "done"]

FATES: Mapping[Extent, Fate] = {"all": "counted", "some": "partly", "none": "too_late"}


class Prospect(NamedTuple):
    """What would become of it.

    counted    in all windows it belongs to: those that are closed are restated
    partly     only in longer windows: the shorter ones can no longer be restated
    too_late   in no window; it would be kept on `<topic>.late`
    refused    again, for the reason in `why`
    exhausted  it was sent again often enough
    done       it was sent again already
    """

    fate: Fate
    why: str = ""


class Judge:
    """Knows the configuration, and how far event time has passed in the topic.

    sources: what ingest committed with the offset of each partition; empty if it never read the topic.
    """

    def __init__(
        self, settings: Settings, kind: EventKind, sources: Mapping[int, Small], now_ms: int
    ) -> None:
        self._decoder = Decoder(settings, kind)
        self._reach = Reach(settings, kind)
        self._now_ms = now_ms
        self.passed_ms = passed_ms(settings, sources, now_ms)

    def prospect(self, letter: Letter, *, done: bool) -> Prospect:
        """Judge a letter; `done`: a mark names it."""
        if done:
            return Prospect("done")
        if letter.attempt >= ATTEMPTS_MAX:
            return Prospect("exhausted", f"sent again {letter.attempt} times")
        record = Record(letter.place.offset, self._now_ms, letter.key, letter.value, letter.headers)
        try:
            event = self._decoder.decode(record)
        except Reject as reject:
            return Prospect("refused", f"{reject.reason}: {reject.message}")
        event_ms: int = event.event_time  # type: ignore[assignment]  # the decoder made it epoch ms
        return Prospect(FATES[self._reach.extent(event_ms, self.passed_ms)])


def passed_ms(settings: Settings, sources: Mapping[int, Small], now_ms: int) -> int:
    """Return the event time the topic has passed, as detect will know it; NO_TIME before any event."""
    awake, projected = [], []
    for small in sources.values():
        watermark = Watermark(settings.time.lateness_ms)
        watermark.top_ms, watermark.record_ms = small.top_ms, small.event_record_ms
        if watermark.top_ms == NO_TIME:
            continue
        projected.append(watermark.projected_ms(now_ms, settings.time.silence_horizon_ms))
        if settings.time.replay or now_ms - small.record_ms <= settings.time.idle_after_ms:
            awake.append(watermark.passed_ms)
    return min(awake) if awake else max(projected, default=NO_TIME)
