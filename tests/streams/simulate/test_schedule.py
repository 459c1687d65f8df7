"""The schedule: faults as people write them, and drawn ones."""

from itertools import pairwise

import pytest

from streams.failure import Failure
from streams.simulate.fault_kind import ConversionDrop, FeedSilence, OrderDrop, OrderOutage, PriceError
from streams.simulate.schedule import draw_faults, parse_fault, parse_time
from streams.simulate.shop import Shop

END_MS = 1_772_582_400_000  # 2026-03-04 00:00 UTC
HOUR_MS = 3_600_000
SPAN = (END_MS - 7 * 24 * HOUR_MS, END_MS)


@pytest.mark.parametrize(
    ("text", "timezone", "time_ms"),
    [
        pytest.param("2026-03-04T00:00:00Z", "Asia/Shanghai", END_MS, id="its own zone"),
        pytest.param("2026-03-04T08:00", "Asia/Shanghai", END_MS, id="the shop's zone"),
        pytest.param("2026-03-04", "UTC", END_MS, id="a day"),
        pytest.param("-90m", "UTC", END_MS - 90 * 60_000, id="before the end"),
    ],
)
def test_times(text, timezone, time_ms):
    assert parse_time(text, timezone, END_MS) == time_ms


@pytest.mark.parametrize("text", ["", "soon", "-6", "-6y", "2026-13-01"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(Failure, match="give ISO 8601"):
        parse_time(text, "UTC", END_MS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            "order_outage@-6h+30m", OrderOutage(END_MS - 6 * HOUR_MS, END_MS - 330 * 60_000), id="relative"
        ),
        pytest.param(
            "order_drop@2026-03-03T20:00+01:00+2h:share=0.5",
            OrderDrop(END_MS - 5 * HOUR_MS, END_MS - 3 * HOUR_MS, share=0.5),
            id="a zone's plus and colon are not the fault's",
        ),
        pytest.param(
            "order_drop@-2h+1h:0.3", OrderDrop(END_MS - 2 * HOUR_MS, END_MS - HOUR_MS, 0.3), id="bare"
        ),
        pytest.param(
            "conversion_drop@-2h+1h:campaign=c3,share=1",
            ConversionDrop(END_MS - 2 * HOUR_MS, END_MS - HOUR_MS, "c3", 1.0),
            id="two arguments",
        ),
        pytest.param(
            "price_error@-2h+1h:sku-0003,factor=10",
            PriceError(END_MS - 2 * HOUR_MS, END_MS - HOUR_MS, "sku-0003", 10.0),
            id="bare and named",
        ),
        pytest.param(
            "feed_silence@-2h+1h:order",
            FeedSilence(END_MS - 2 * HOUR_MS, END_MS - HOUR_MS, "order"),
            id="topic",
        ),
    ],
)
def test_faults(text, fault):
    assert parse_fault(text, Shop(), SPAN) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("order_outage", "write KIND@START", id="no time"),
        pytest.param("order_outage@-6h", "write KIND@START", id="no duration"),
        pytest.param("fire@-6h+1h", "no kind 'fire'; there are order_outage", id="unknown kind"),
        pytest.param("order_outage@soon+1h", "give ISO 8601", id="no start"),
        pytest.param("order_outage@-6h+0m", "give a duration over 0", id="no length"),
        pytest.param("order_outage@-6h+7h", "not within the simulated span", id="past the end"),
        pytest.param("order_outage@-8d+1h", "not within the simulated span", id="before the start"),
        pytest.param("order_outage@-6h+1h:0.5", "it takes none", id="argument too many"),
        pytest.param(
            "order_drop@-6h+1h:part=0.5", "no argument 'part=0.5'; there are share", id="unknown name"
        ),
        pytest.param("order_drop@-6h+1h:half", "share is 'half'; give a number", id="no number"),
        pytest.param("order_drop@-6h+1h:nan", "share is nan", id="not a number"),
        pytest.param("price_error@-6h+1h:sku-9999", "no sku 'sku-9999'", id="unknown sku"),
    ],
)
def test_what_is_no_fault_is_told_with_what_is_allowed(text, message):
    with pytest.raises(Failure, match=message):
        parse_fault(text, Shop(), SPAN)


def test_drawn_faults_are_of_all_kinds_awake_and_apart():
    faults = draw_faults(Shop(timezone="Asia/Shanghai"), 3, SPAN, 6)
    assert len({fault.kind for fault in faults}) == 6
    assert faults[0].start_ms >= (SPAN[0] + SPAN[1]) // 2
    assert faults[-1].end_ms <= SPAN[1]
    for before, after in pairwise(faults):
        assert before.end_ms + HOUR_MS <= after.start_ms
    for fault in faults:
        local_h = (fault.start_ms + 8 * HOUR_MS) % (24 * HOUR_MS) / HOUR_MS
        assert 9 <= local_h < 22


def test_drawn_faults_depend_on_the_seed_alone():
    assert draw_faults(Shop(), 3, SPAN, 3) == draw_faults(Shop(), 3, SPAN, 3)
    assert draw_faults(Shop(), 3, SPAN, 3) != draw_faults(Shop(), 4, SPAN, 3)


def test_faults_that_find_no_room_are_told():
    with pytest.raises(Failure, match="give more --days"):
        draw_faults(Shop(), 3, (END_MS - 4 * HOUR_MS, END_MS), 5)
