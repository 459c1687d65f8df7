"""What people read: grade and colour, what, since when, money, who and how soon, what to do, links."""

import pytest

from sinks.message import Desk, Link, check_link, compose, digest, span
from sinks.notification import Impact
from tests.sinks.notifications import INCIDENT, notification

EN = Desk(
    "en", "Asia/Shanghai", {"Dashboard": "https://grafana.example/d/shop?monitor={monitor}&from={since}"}
)
ZH = Desk("zh-CN", "Asia/Shanghai")


def lines(message):
    return {line.label: line.text for line in message.lines}


def test_a_message_says_everything_in_english():
    message = compose(notification(runbook_url="https://wiki.example/orders"), EN)
    assert message.title == "[II orange] new: orders in 2 regions"
    assert message.text == "Orders in region east: 63 % below what is usual at this time."
    assert message.colour == "orange"
    assert lines(message) == {
        "Since": "14:05 (5 min)",
        "Costs": "about 12,346 CNY so far, 490 CNY a minute",
        "Owner": "payments, to acknowledge within 30 min",
        "To do": "Look at the checkout first.",
        "Acknowledge": f"fenghuo ack {INCIDENT[:12]} --by",
        "Affected": "orders{region=east}, orders{region=west}",
    }
    assert message.links == (
        Link("Dashboard", "https://grafana.example/d/shop?monitor=orders&from=1709273100000"),
        Link("Runbook", "https://wiki.example/orders"),
    )
    assert (message.key, message.thread) == (f"{INCIDENT}-0", INCIDENT)


def test_a_message_says_everything_in_chinese():
    message = compose(notification(), ZH)
    assert message.title == "【II级·橙】新告警：orders in 2 regions"
    assert lines(message) == {
        "开始于": "14:05（5 分钟）",
        "损失": "至今约 12,346 CNY，每分钟约 490 CNY",
        "负责人": "payments，请在 30 分钟内确认",
        "处理建议": "Look at the checkout first.",
        "确认命令": f"fenghuo ack {INCIDENT[:12]} --by",
        "涉及": "orders{region=east}, orders{region=west}",
    }


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize(
    "transition",
    ["opened", "escalated", "downgraded", "updated", "acknowledged", "overdue", "reminded", "resolved"],
)
def test_every_transition_has_words(locale, transition):
    told = notification(transition=transition, grade=0 if transition == "resolved" else 4, peak_grade=4)
    message = compose(told, Desk(locale, "UTC"))
    assert "I" in message.title
    assert message.colour == ("green" if transition == "resolved" else "red")


def test_who_has_taken_over_is_not_asked_again():
    taken = compose(notification(transition="acknowledged", acknowledged_by="Li Lei"), EN)
    assert not {"To do", "Acknowledge"} & set(lines(taken))
    later = compose(notification(transition="updated", acknowledged_by="Li Lei"), EN)
    assert lines(later)["Owner"] == "payments (acknowledged: Li Lei)"


def test_more_than_usual_is_no_cost():
    gain = compose(notification(impact=Impact(amount=-500.0, per_minute=-10.0, currency="")), EN)
    assert lines(gain)["Costs"] == "about 500 more than usual so far, 10 a minute"
    assert "Costs" not in lines(compose(notification(impact=None), EN))


def test_a_runbook_that_is_no_address_is_no_link():
    assert [link.text for link in compose(notification(runbook_url="docs/x.md"), EN).links] == ["Dashboard"]


def test_values_cannot_leave_their_place_in_a_link():
    desk = Desk("en", "UTC", {"d": "https://x/?owner={owner}"})
    (link,) = compose(notification(owner="a&b=c#d/../e"), desk).links
    assert link.url == "https://x/?owner=a%26b%3Dc%23d%2F..%2Fe"


@pytest.mark.parametrize(
    "template",
    ["https://x/{nope}", "https://x/{", "https://x/{owner!r}", "https://x/{0}", "{owner.__class__}"],
)
def test_a_link_that_cannot_be_filled_is_refused(template):
    with pytest.raises(ValueError, match=r"allowed: \{incident_id\}"):
        check_link(template)


def test_a_text_is_one_line_of_bounded_length():
    message = compose(notification(text="a\n\nb " + "x" * 5_000, title="t\r\nBcc: evil@x"), EN)
    assert message.text.startswith("a b x")
    assert len(message.text) == 600
    assert "\n" not in message.title + message.text
    assert "\r" not in message.title


def test_a_digest_shows_the_newest_of_each_incident_the_worst_first():
    told = [
        notification(1, grade=2, title="views"),
        notification(2, grade=4, title="orders"),
        notification(1, grade=0, peak_grade=2, transition="resolved", title="views", sequence=1),
    ]
    message = digest(told, 0, EN)
    assert message.title == "[I] 3 changes of 2 incidents"
    assert [line.label for line in message.lines] == ["[I red] new: orders", "[III green] resolved: views"]
    assert message.colour == "red"


def test_a_digest_is_bounded_and_says_what_it_leaves_out():
    message = digest([notification(n) for n in range(1, 31)], 7, EN)
    assert len(message.lines) == 22
    assert [line.text for line in message.lines[-2:]] == [
        "and 10 more incidents, which are milder",
        "7 older changes are left out: only the newest of an incident is shown",
    ]


def test_the_key_of_a_digest_is_that_of_what_it_holds():
    first, second = [notification(1), notification(2)], [notification(1), notification(3)]
    assert digest(first, 0, EN).key == digest(list(first), 3, EN).key != digest(second, 0, EN).key


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (20, "1 min"),
        (900, "15 min"),
        (7_140, "119 min"),
        (4 * 3600, "4 h"),
        (86_400, "24 h"),
        (3 * 86_400, "3 d"),
    ],
)
def test_a_span_is_said_in_the_unit_people_think_in(seconds, said):
    assert span(seconds, "en") == said
