"""A pulse: windows closed together, verdicts kept, gaps that are no silence."""

import pytest

from streams.detect.cursor import GAP_MAX_MS, KEPT_WINDOWS
from tests.streams.chain import CLICKS, COUNT, FIVE_MS, HOUR_MS, START, Chain, event, limits, settings_of

METRICS = {"orders": COUNT, "clicks": CLICKS, "rate": {"ratio": ["orders", "clicks"]}}


def chain_of(*monitors):
    return Chain(settings_of(METRICS, [{"detector": limits(3), **m} for m in monitors]))


def pulses(chain):
    return chain.detects[0].parts.pulses


def test_monitors_of_one_window_and_topic_close_together_and_share_a_bank():
    chain = chain_of(
        {"name": "a", "metric": "orders"},
        {"name": "b", "metric": "orders", "by": [["region"]], "direction": "up"},
        {"name": "hour", "metric": "orders", "window": "1h"},
        {"name": "rate", "metric": "rate"},
    )
    by = {key: [w.subject.monitor.name for w in pulse.watches] for key, pulse in pulses(chain).items()}
    orders, both = frozenset({"shop.order.v1"}), frozenset({"shop.order.v1", "shop.click.v1"})
    assert by == {
        (FIVE_MS, FIVE_MS, orders): ["a", "b"],
        (HOUR_MS, HOUR_MS, orders): ["hour"],
        (FIVE_MS, FIVE_MS, both): ["rate"],
    }
    banks = {watch.subject.monitor.name: watch.bank for watch in chain.detects[0].parts.watches.values()}
    assert banks["a"] is banks["b"]
    assert len(set(banks.values())) == 3  # another window, another kind of series


def test_only_the_last_verdicts_are_kept():
    chain = chain_of({"name": "a", "metric": "orders"}, {"name": "b", "metric": "orders", "by": [["region"]]})
    for i in range(20):
        chain.feed([event(f"e{i}", START + i * FIVE_MS, region="n")])
    (pulse,) = pulses(chain).values()
    ends = sorted({end for _, end in pulse.kept})
    assert ends == [START + i * FIVE_MS for i in range(20 - KEPT_WINDOWS, 20)]
    assert len(pulse.kept) == 2 * KEPT_WINDOWS
    boards = [board for boards in chain.detects[0].parts.boards.values() for board in boards]
    assert all(len(board.buckets) <= KEPT_WINDOWS + 1 for board in boards)


def closed(days):
    """Return how many windows two pairs of events close; two hours lie in a pair, days between them."""
    chain = chain_of({"name": "a", "metric": "orders", "window": "1h"})
    gap = int(days * 24 * HOUR_MS)
    for i, at in enumerate((START, START + 2 * HOUR_MS, START + gap, START + gap + 2 * HOUR_MS)):
        chain.feed([event(f"e{i}", at)])
    return sum(chain.detects[0].showcase.windows.values())


@pytest.mark.parametrize(
    ("days", "windows"),
    [
        pytest.param(10, 10 * 24 + 2, id="silence"),
        pytest.param(GAP_MAX_MS / HOUR_MS / 24 + 1, 3 + 2, id="missing data"),
        pytest.param(365 * 70, 3 + 2, id="a lifetime"),
    ],
)
def test_a_long_gap_is_missing_data_not_silence(days, windows):
    assert closed(days) == windows


def test_events_in_a_gap_are_not_skipped():
    chain = chain_of({"name": "a", "metric": "orders", "window": "1h"})
    far = GAP_MAX_MS + 24 * HOUR_MS
    chain.feed([event(f"e{i}", START + i * far) for i in range(4)])
    shown = []
    chain.detects[0].showcase.judged = lambda seen: shown.append(seen.verdict.window.start_ms)
    chain.feed([event("x", START + 3 * far + HOUR_MS)])
    assert shown == [START + 3 * far]
