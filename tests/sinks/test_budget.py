import pytest

from sinks.budget import within_budget
from sinks.metrics import Sample

FREE = Sample("fenghuo_transactions_total", ("detect",), 7)


def grade(entity: str) -> Sample:
    return Sample("fenghuo_alert_grade", ("orders", "orders", entity, "order_volume", "operations"), 3)


def series(*entities: str) -> list[Sample]:
    """Return value and expected of series, family by family, as a machine gives them."""
    return [
        Sample(name, ("orders", "orders", entity), 1.0)
        for name in ("fenghuo_value", "fenghuo_expected")
        for entity in entities
    ]


def test_what_a_machine_left_out_itself_counts_as_left_out() -> None:
    left_out = [Sample("fenghuo_samples_dropped", (), dropped) for dropped in (7, 5)]
    assert within_budget([*left_out, *series("a")], 0) == [Sample("fenghuo_samples_dropped", (), 14)]


@pytest.mark.parametrize(
    ("budget", "shown", "dropped"),
    [
        pytest.param(9, ["b", "b", "b", "", "", "a", "a", "c", "c"], 0, id="all fit"),
        pytest.param(7, ["b", "b", "b", "", "", "a", "a"], 2, id="the last of the rest goes first"),
        pytest.param(6, ["b", "b", "b", "", ""], 4, id="a series is not cut in two"),
        pytest.param(3, ["b", "b", "b"], 6, id="then the whole shop"),
        pytest.param(1, ["b"], 8, id="grades stay longest"),
        pytest.param(0, [], 9, id="nothing"),
    ],
)
def test_open_alerts_come_first_then_the_shop_then_the_rest(
    budget: int, shown: list[str], dropped: int
) -> None:
    samples = [FREE, *series("a", "b", "", "c"), grade("b")]
    kept = within_budget(samples, budget)
    assert kept[0] == FREE
    assert [sample.labels[2] for sample in kept[1:-1]] == shown
    assert kept[-1] == Sample("fenghuo_samples_dropped", (), dropped)
