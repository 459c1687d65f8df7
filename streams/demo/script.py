"""The script of the demo: a shop, the days behind it, an afternoon to come, and what goes wrong in it."""

import datetime as dt
from dataclasses import dataclass

from streams.simulate.fault import Fault
from streams.simulate.fault_kind import OrderOutage, PaymentFailures, PriceError
from streams.simulate.shop import Shop
from streams.simulate.truth import Truth, tell_truth

MINUTE_MS, HALF_HOUR_MS, HOUR_MS, DAY_MS = 60_000, 1_800_000, 3_600_000, 86_400_000
# More than a week: of the weekday on which learning begins little is known, and the afternoon is another one.
HISTORY_MS = 8 * DAY_MS
LIVE_MS = 5 * HOUR_MS
LIVE_S = 40.0  # in which the afternoon passes
CLICKS_PER_S = 2.0
AFTERNOON = 17  # the hour of day, in the shop, at which the demo ends


@dataclass(frozen=True)
class Script:
    """Times are epoch ms of event time: history [start, live), then [live, end); `end` is now.

    live_s  how long the second part takes to pass
    """

    shop: Shop
    seed: int
    start_ms: int
    live_ms: int
    end_ms: int
    faults: tuple[Fault, ...]
    live_s: float = LIVE_S

    @property
    def speed(self) -> float:
        """How many times as fast as life the afternoon passes."""
        return (self.end_ms - self.live_ms) / 1000 / self.live_s

    @property
    def truth(self) -> Truth:
        """What is injected, for the comparison at the end."""
        return tell_truth(self.shop, self.seed, (self.live_ms, self.end_ms), self.faults)


def write_script(seed: int, now_ms: int) -> Script:
    """Return the script of a demo that ends now, in the minute that was last full."""
    end = now_ms // MINUTE_MS * MINUTE_MS
    live = end - LIVE_MS
    faults = (
        OrderOutage(live + 50 * MINUTE_MS, live + 90 * MINUTE_MS),
        PaymentFailures(live + 140 * MINUTE_MS, live + 190 * MINUTE_MS),
        PriceError(live + 220 * MINUTE_MS, live + 270 * MINUTE_MS),
    )
    shop = Shop(timezone=afternoon_zone(end), clicks_per_s=CLICKS_PER_S)
    return Script(shop, seed, live - HISTORY_MS, live, end, faults)


def afternoon_zone(now_ms: int) -> str:
    """Return a time zone in which it is afternoon now: at night a small shop has too few orders to miss."""
    hour = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC).hour
    ahead = (AFTERNOON - hour + 11) % 24 - 11  # -11 .. 12
    return "Etc/GMT" if ahead == 0 else f"Etc/GMT{-ahead:+d}"  # POSIX: the sign is the other way round
