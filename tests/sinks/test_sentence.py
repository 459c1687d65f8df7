import pytest

from detectors.series import OTHER
from sinks.sentence import FIELDS, check_template, clock, number, sentence, subject
from tests.sinks.alerts import OPENED, alert

ZONE = "Asia/Shanghai"
DOWN = "63 % below what is usual at this time (38 instead of about 101), since 14:05."
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({}, f"Orders in region east: {DOWN}", id="opened"),
        pytest.param({"entity": ""}, f"Orders: {DOWN}", id="whole shop"),
        pytest.param({"entity": OTHER}, f"Orders in all others: {DOWN}", id="the rest"),
        pytest.param(
            {"entity": "channel=app,payment_method=card"},
            f"Orders in channel app, payment method card: {DOWN}",
            id="two dimensions",
        ),
        pytest.param(
            {"transition": "escalated", "grade": 4},
            f"Worse, now grade I: Orders in region east: {DOWN}",
            id="escalated",
        ),
        pytest.param(
            {"transition": "downgraded", "grade": 1},
            f"Easing, now grade IV: Orders in region east: {DOWN}",
            id="downgraded",
        ),
        pytest.param(
            {"transition": "resolved", "grade": 0, "actual": 98.0},
            "Orders in region east: back to normal (at 98); it was not since 14:05.",
            id="resolved",
        ),
        pytest.param(
            {"transition": "restated", "grade": 0, "actual": 98.0},
            "Orders in region east: normal after all, late data changed the value to 98.",
            id="withdrawn",
        ),
        pytest.param(
            {"transition": "restated"},
            f"Corrected by late data: Orders in region east: {DOWN}",
            id="restated",
        ),
        pytest.param(
            {"transition": "acknowledged"}, f"Acknowledged: Orders in region east: {DOWN}", id="acknowledged"
        ),
        pytest.param(
            {"expected": None, "actual": 1234567.0, "direction": "up", "unit": "CNY"},
            "Orders in region east: at 1,234,567 CNY, far above what is normal, since 14:05.",
            id="nothing expected",
        ),
        pytest.param(
            {"expected": 0.0, "actual": 0.0, "direction": ""},
            "Orders in region east: unlike before (at 0), since 14:05.",
            id="no side",
        ),
        pytest.param(
            {"metric": "payment_success", "actual": 0.523, "expected": 0.8412, "exposure": 345.0},
            "Payment success in region east: 38 % below what is usual at this time "
            "(52.3 % instead of about 84.1 %), since 14:05.",
            id="ratio",
        ),
        pytest.param(
            {"since_ms": OPENED.since_ms - 24 * HOUR},
            f"Orders in region east: {DOWN}".replace("14:05", "29 Feb 14:05"),
            id="since yesterday",
        ),
    ],
)
def test_the_default_sentence_says_what_happened(changes: dict[str, object], said: str) -> None:
    assert sentence("", alert(**changes), "en", ZONE) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {}, "Orders（地区 east）：低于往常同期 63 %（实际 38，预期约 101），始于 14:05。", id="opened"
        ),
        pytest.param(
            {"transition": "resolved", "actual": 98.0, "entity": ""},
            "Orders：已恢复正常（当前 98），异常始于 14:05。",
            id="resolved",
        ),
        pytest.param(
            {"expected": None},
            "Orders（地区 east）：当前 38，远低于正常范围，始于 14:05。",
            id="nothing expected",
        ),
    ],
)
def test_the_default_sentence_exists_in_chinese(changes: dict[str, object], said: str) -> None:
    assert sentence("", alert(**changes), "zh-CN", ZONE) == said


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("field", FIELDS)
def test_every_field_can_be_used_in_a_template(field: str, locale: str) -> None:
    template = f"it is {{{field}}} now"
    check_template(template)
    said = sentence(template, alert(exposure=5.0), locale, ZONE)
    assert said.startswith("It is ")
    assert "{" not in said


def test_the_parts_of_a_vector_that_moved_are_named() -> None:
    moved = alert(evidence=("joint", "cart_adds -18 %", "payments +9 %"))
    assert sentence("see {parts}", moved, "en", ZONE) == "See cart adds -18 %, payments +9 %"
    assert sentence("见{parts}", moved, "zh-CN", ZONE) == "见cart adds -18 %，payments +9 %"


def test_a_template_of_the_monitor_is_used_and_keeps_no_double_spaces() -> None:
    said = sentence("sales {where} fell to {actual} in {window}", alert(entity=""), "en", ZONE)
    assert said == "Sales fell to 38 in 14:05-14:10"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        pytest.param("{acutal}", r"unknown field \{acutal\}.*allowed: \{name\} \{where\}", id="misspelt"),
        pytest.param("{}", r"unknown field \{\}", id="no name"),
        pytest.param("{actual.real}", "unknown field", id="attribute"),
        pytest.param("{actual:.2f}", "without a format", id="format"),
        pytest.param("{actual!r}", "without a format", id="conversion"),
        pytest.param("{actual", "allowed: ", id="not closed"),
        pytest.param("50 }", "allowed: ", id="not opened"),
    ],
)
def test_a_bad_template_is_refused_naming_what_is_allowed(template: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_template(template)


@pytest.mark.parametrize(
    ("value", "written"),
    [(1234.5, "1,234"), (38.0, "38"), (38.46, "38.5"), (0.071234, "0.0712"), (0.0, "0"), (-3.0, "-3")],
)
def test_numbers_are_written_for_people(value: float, written: str) -> None:
    assert number(value) == written


def test_the_clock_is_local_and_names_another_day() -> None:
    assert clock(OPENED.since_ms, "UTC") == "06:05"
    assert clock(OPENED.since_ms, ZONE, "zh-CN", beside_ms=OPENED.since_ms + 24 * HOUR) == "03-01 14:05"


def test_the_subject_names_series_for_a_title() -> None:
    assert subject(OPENED, "en") == "orders in region east"
    assert subject(alert(entity=""), "zh-CN") == "orders"
