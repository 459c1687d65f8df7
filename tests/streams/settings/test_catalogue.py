import pytest

from sinks.sentence import check_template
from streams.plan import build_plan
from streams.settings import load
from streams.settings.vocabulary import PERSONAL

SETTINGS = load(environ={})
MONITORS = pytest.mark.parametrize("monitor", SETTINGS.monitors, ids=lambda monitor: monitor.name)


@MONITORS
def test_a_shipped_monitor_says_what_it_is_who_acts_how_soon_and_what_to_do(monitor):
    assert monitor.kind != "other"
    assert monitor.owner
    assert monitor.respond_within_ms
    for text in (monitor.action, monitor.text):
        assert text.en
        assert text.zh
        check_template(text.en)
        check_template(text.zh)


@MONITORS
def test_both_languages_of_a_text_tell_the_same(monitor):
    def fields(text):
        return {field for field in ("actual", "expected", "change", "where") if f"{{{field}}}" in text}

    assert fields(monitor.text.en) == fields(monitor.text.zh)


def test_the_catalogue_watches_what_a_shop_needs():
    watched = {monitor.metric for monitor in SETTINGS.monitors}
    assert watched >= {
        *(
            "orders",
            "revenue",
            "net_revenue",
            "largest_order",
            "largest_line",
            "unit_price",
            "payment_success",
        ),
        *("cancellation_rate", "clicks", "add_to_cart_rate", "conversion_rate", "write_offs"),
        *("order_events", "inventory_events"),
    }


def test_no_shipped_group_is_split_by_personal_data():
    assert not {dim for group in build_plan(SETTINGS) for dim in group.dims} & set(PERSONAL)
