import pytest

from sinks.notification import Notification
from streams.demo.verdict import judge, others
from streams.simulate.truth import FaultTruth
from tests.streams.demo.notes import MINUTE_MS, note


def fault(
    kind: str = "order_outage", dimensions: dict[str, str] | None = None, metric: str = "orders"
) -> FaultTruth:
    span = (100 * MINUTE_MS, 140 * MINUTE_MS)
    return FaultTruth(kind, kind, *span, dimensions or {}, (metric,), "down", "")


OUTAGE = fault()
PRICE = fault("price_error", {"sku": "s1"}, "unit_price")


@pytest.mark.parametrize(
    ("truth", "told", "found"),
    [
        pytest.param(OUTAGE, note(105, 110, ("fast", "orders")), True, id="its-metric-within-its-time"),
        pytest.param(OUTAGE, note(135, 150, ("fast", "orders")), True, id="a-window-that-overlaps-its-end"),
        pytest.param(
            OUTAGE, note(105, 110, ("fast", "orders{channel=app}")), True, id="a-part-of-what-is-hit"
        ),
        pytest.param(OUTAGE, note(95, 100, ("fast", "orders")), False, id="before-it-began"),
        pytest.param(OUTAGE, note(140, 145, ("fast", "orders")), False, id="after-it-ended"),
        pytest.param(OUTAGE, note(105, 110, ("clicks", "clicks")), False, id="another-metric"),
        pytest.param(
            OUTAGE, note(105, 110, ("fast", "orders"), grade=0), False, id="the-news-that-it-is-over"
        ),
        pytest.param(PRICE, note(105, 110, ("price", "unit_price{sku=s1}")), True, id="the-product-hit"),
        pytest.param(PRICE, note(105, 110, ("price", "unit_price{sku=s2}")), False, id="another-product"),
    ],
)
def test_a_fault_is_found_by_a_notification_of_its_metric_and_part_in_its_time(
    truth: FaultTruth, told: Notification, found: bool
) -> None:
    (finding,) = judge([truth], [told])
    assert (finding.delay_s is not None) == found
    assert (finding.monitor != "") == found


def test_the_delay_is_that_of_the_first_notification_and_the_grade_the_worst() -> None:
    notes = [note(105, 110, ("fast", "orders"), grade=1), note(110, 115, ("slow", "orders"), grade=4)]
    (finding,) = judge([OUTAGE], notes)
    assert (finding.delay_s, finding.grade, finding.monitor) == (600.0, 4, "fast")


def test_incidents_that_name_no_fault_are_beside_it_or_false() -> None:
    named = note(105, 110, ("fast", "orders"), incident="named")
    beside = note(150, 165, ("conversion", "conversion_rate"), incident="beside")
    false = note(10, 15, ("clicks", "clicks"), incident="false")
    found = others([OUTAGE], [false, named, beside])
    assert list(found.beside) == [beside]
    assert list(found.false) == [false]


def test_an_incident_that_began_before_the_fault_it_came_to_name_is_false() -> None:
    early, later = note(80, 95, ("fast", "orders")), note(105, 110, ("fast", "orders"))
    assert list(others([OUTAGE], [early, later]).false) == [early]
