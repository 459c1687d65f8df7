"""The showcase: samples of the catalogue, of the last window, of the level that speaks."""

from collections import Counter

from detectors.phase import PHASES
from sinks.metrics import CATALOGUE
from tests.streams.chain import COUNT, FIVE_MS, START, Chain, event, limits, settings_of, spread

ORDERS = {"name": "orders", "metric": "orders", "by": [[], ["region"]], "detector": limits(10)}


def chain_of(monitor=ORDERS, **sections):
    return Chain(settings_of({"orders": COUNT}, [monitor], **sections))


def counters(chain):
    found: Counter[str] = Counter()
    for sample in chain.detects[0].samples():
        if not sample.name.startswith(("fenghuo_value", "fenghuo_score", "fenghuo_upper")):
            found[sample.name] += int(sample.value)
    return found


def test_samples_are_those_of_the_catalogue():
    chain = chain_of()
    chain.feed(spread(5, START, region="n"))
    chain.feed([event("x", START + FIVE_MS, region="n")])
    detect = chain.detects[0]
    samples = [*detect.samples(), *detect.series(100)]
    assert len({(s.name, s.labels) for s in samples}) == len(samples)
    for sample in samples:
        assert len(sample.labels) == len(CATALOGUE[sample.name].labels), sample.name


def test_the_last_window_is_shown_with_its_band_and_unknown_numbers_are_left_out():
    chain = chain_of()
    for i, n in enumerate([5, 12]):
        chain.feed(spread(n, START + i * FIVE_MS, region="n"))
    chain.feed([event("x", START + 2 * FIVE_MS)])
    assert chain.shown() == {("orders", ""): 12, ("orders", "region=n"): 12}
    assert chain.shown("fenghuo_upper") == {("orders", ""): 10, ("orders", "region=n"): 10}
    assert chain.shown("fenghuo_expected") == chain.shown("fenghuo_lower") == {}
    assert all(score > 0 for score in chain.shown("fenghuo_score").values())


def test_a_restated_window_shows_its_new_value_and_is_counted_once():
    chain = chain_of()
    chain.feed(spread(12, START, region="n"))
    chain.feed([event("x", START + FIVE_MS, region="n")])
    before = counters(chain)
    chain.feed(spread(3, START, tag="late", region="n"))
    after = counters(chain)
    assert chain.shown() == {("orders", ""): 15, ("orders", "region=n"): 15}
    assert after["fenghuo_windows_total"] == before["fenghuo_windows_total"] == 2
    assert after["fenghuo_restatements_total"] == 2


def test_series_and_those_over_the_limit_are_counted():
    chain = chain_of(limits={"series": 2})
    chain.feed([event(f"e{i}", START + i, region=r) for i, r in enumerate("abcd")])
    chain.feed([event("x", START + FIVE_MS, region="a")])
    assert counters(chain)["fenghuo_series"] == 4  # the shop, a, b, other
    assert counters(chain)["fenghuo_series_over_limit_total"] == 2


def test_open_alerts_are_shown_first_then_the_shop_then_the_rest():
    shop = {"name": "shop", "metric": "orders", "by": [[]], "detector": limits(100)}
    regions = {**shop, "name": "regions", "by": [["region"]], "detector": limits(4)}
    chain = Chain(settings_of({"orders": COUNT}, [regions, shop]))
    for region, n in {"a": 1, "b": 3, "c": 2}.items():
        chain.feed(spread(n, START, tag=region, region=region))
    chain.feed(spread(5, START, tag="d", region="d"))
    chain.feed([event("x", START + FIVE_MS, region="a")])
    for limit, entities, dropped in (
        (25, ["region=d", "", "region=a", "region=b", "region=c"], 0),
        (14, ["region=d", ""], 15),
        (4, [], 25),
    ):
        *samples, last = chain.detects[0].series(limit)
        assert list(dict.fromkeys(s.labels[2] for s in samples)) == entities[: limit // 5]
        assert last == ("fenghuo_samples_dropped", (), dropped)


def test_before_any_window_is_closed_there_is_nothing_to_show():
    chain = chain_of()
    chain.feed(spread(5, START, region="n"))
    assert chain.shown() == {}


def test_series_are_counted_by_how_well_they_are_known():
    chain = chain_of({**ORDERS, "name": "learned", "detector": "seasonal"})
    chain.feed([event(f"e{i}", START + i, region=r) for i, r in enumerate("ab")])
    chain.feed([event("x", START + FIVE_MS, region="a")])
    found = {s.labels: s.value for s in chain.detects[0].samples() if s.name == "fenghuo_series_state"}
    assert found == {("learned", "0", state): 3 * (state == "cold") for state in PHASES}
