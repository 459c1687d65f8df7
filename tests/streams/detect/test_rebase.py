"""From history to the log: what was learned stays, where it came from does not."""

from streams.detect.detect import Detect
from streams.detect.rebase import rebase
from tests.streams.chain import COUNT, DAY_MS, FIVE_MS, START, Chain, event, limits, settings_of, spread

SETTINGS = settings_of(
    {"orders": COUNT}, [{"name": "few", "metric": "orders", "detector": limits(4, below=True)}]
)
WINDOWS = 12


def learned():
    """Return a chain that has read an hour of orders, as a worker would find its state."""
    chain = Chain(SETTINGS)
    chain.feed(spread(9 * WINDOWS, START, WINDOWS * FIVE_MS))
    chain.feed([event("end", START + WINDOWS * FIVE_MS)])
    rebase(chain.detects[0])
    live = Chain(SETTINGS)
    live.detects = [Detect(SETTINGS, 0)]
    live.detects[0].restore(list(chain.detects[0].snapshot()), "")
    return live


def test_series_and_what_is_known_of_them_stay():
    (watch,) = learned().detects[0].parts.watches.values()
    assert len(watch.known_rows) == 1


def test_nothing_of_open_windows_or_for_restating_is_left():
    chain = Chain(SETTINGS)
    chain.feed(spread(9, START))
    chain.feed([event("open", START + FIVE_MS)])
    parts = chain.detects[0].parts
    rebase(chain.detects[0])
    parts.merge()
    assert [dict(board.buckets) for board in parts.readers] == [{}]
    assert [pulse.kept for pulse in parts.pulses.values()] == [{}]


def test_what_follows_comes_from_other_sources_and_may_begin_anywhere():
    live = learned()
    live._offsets["order", 0] = 1_000
    live.feed(spread(9, START + DAY_MS))
    live.feed([event("after", START + DAY_MS + FIVE_MS)])
    assert live.progress[-1].passed_ms == START + DAY_MS + FIVE_MS


def test_the_time_in_between_is_missing_not_silent():
    live = learned()
    live.feed(spread(9, START + DAY_MS))
    live.feed([event("after", START + DAY_MS + FIVE_MS)])
    assert live.alerts == []


def test_what_is_learned_from_then_on_is_judged():
    live = learned()
    live.feed(spread(9, START + DAY_MS))
    live.feed([event("after", START + DAY_MS + 2 * FIVE_MS)])
    assert [alert.transition for alert in live.alerts] == ["opened"]
