"""The presence of a source: whether it has fallen idle, and where its time would stand by now."""

from typing import NamedTuple

from streams.ingest.watermark import Watermark
from streams.partial import NO_TIME
from streams.settings.model import Time


class Standing(NamedTuple):
    """What the partials of this moment say; `news` if they must be written even without new records."""

    idle: bool
    projected_ms: int
    news: bool


UNLOOKED = Standing(idle=False, projected_ms=NO_TIME, news=False)


class Presence:
    """Looks at the clock for a source. No part of its state: what it says enters the log as partials.

    News is that the source has fallen idle or is no longer so, and then its projected time in a new pane.
    """

    def __init__(self, time: Time) -> None:
        self._time = time
        self._busy_ms: int | None = None  # when records were last seen to have come
        self._told: tuple[bool, int] | None = None

    def look(self, watermark: Watermark, now_ms: int, *, read: bool, at_end: bool) -> Standing:
        """Return the standing now. `read`: records came since the last look; `at_end`: there are no more."""
        if self._busy_ms is None or read:
            self._busy_ms = now_ms
        time = self._time
        idle = at_end and now_ms - self._busy_ms >= time.idle_after_ms
        projected_ms = NO_TIME if time.replay else watermark.projected_ms(now_ms, time.silence_horizon_ms)
        told = (idle, projected_ms // time.pane_ms if idle else 0)
        news, self._told = told != self._told, told
        return Standing(idle, projected_ms, news)
