import pytest

from streams.settings.kind import series_kind
from streams.settings.read import read

METRICS = """
catalogue: false
metrics:
  count: {event: order, count: true}
  sum: {event: order, sum: amount}
  distinct: {event: order, distinct: user_id}
  mean: {event: order, mean: amount}
  max: {event: order, max: amount}
  last: {event: order, lines: true, last: unit_price}
  ratio: {ratio: [count, sum]}
  vector: {vector: [count, sum]}
  balance: {event: order, sum: amount, series: value}
"""


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("count", "count"),
        ("sum", "count"),
        ("distinct", "count"),
        ("mean", "value"),
        ("max", "value"),
        ("last", "value"),
        ("ratio", "ratio"),
        ("vector", "vector"),
        ("balance", "value"),
    ],
)
def test_a_metric_makes_series_of_a_kind(metric, kind):
    assert series_kind(read(METRICS), metric) == kind
