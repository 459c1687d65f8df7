import pytest

from streams.detect.frontier import Frontier, HoleInLog
from streams.partial import NO_TIME, Partial


def partial(topic="orders", partition=0, *, watermark=NO_TIME, to=1, start=0, idle=False, projected=NO_TIME):
    return Partial(topic, partition, start, to, watermark, projected, idle, watermark, to - start, 0, "p", {})


def frontier(**expected):
    return Frontier(0, 600_000, {"orders": 1, **expected})


def test_a_topic_has_passed_what_its_slowest_partition_has():
    f = frontier(orders=2)
    f.advance(partial(watermark=100), 1)
    f.advance(partial(partition=1, watermark=50), 2)
    assert f.passed(["orders"]) == 50


def test_all_partitions_of_a_topic_are_waited_for_from_the_start():
    f = frontier(orders=2)
    f.advance(partial(watermark=100), 1)
    assert f.passed(["orders"]) == NO_TIME


def test_a_topic_never_seen_is_not_waited_for():
    f = frontier(clicks=1)
    f.advance(partial(watermark=100), 1)
    assert f.passed(["orders", "clicks"]) == 100


def test_idle_markers_of_a_topic_without_events_hold_nobody_up():
    f = frontier(clicks=1)
    f.advance(partial("clicks", idle=True, to=0), 1)
    f.advance(partial(watermark=100), 2)
    assert f.passed(["orders", "clicks"]) == 100


def test_an_idle_partition_does_not_hold_up_its_topic():
    f = frontier(orders=2)
    f.advance(partial(watermark=100), 1)
    f.advance(partial(partition=1, watermark=10), 2)
    f.advance(partial(partition=1, watermark=10, start=1, to=1, idle=True, projected=90), 3)
    assert f.passed(["orders"]) == 100


def test_when_all_are_idle_projected_time_goes_on():
    f = frontier()
    f.advance(partial(watermark=100), 1)
    f.advance(partial(watermark=100, start=1, to=1, idle=True, projected=700), 2)
    assert f.passed(["orders"]) == 700


def test_time_never_goes_back():
    f = frontier()
    f.advance(partial(watermark=100), 1)
    f.advance(partial(watermark=100, start=1, to=1, idle=True, projected=700), 2)
    f.advance(partial(watermark=300, start=1, to=2), 3)
    assert f.passed(["orders"]) == 700


def test_a_partition_that_stopped_writing_is_left_out():
    f = frontier(orders=2)
    f.advance(partial(watermark=100), 1)
    f.advance(partial(partition=1, watermark=50), 2)
    f.advance(partial(watermark=900, start=1, to=2), 600_002)
    assert f.passed(["orders"]) == 50
    f.advance(partial(watermark=950, start=2, to=3), 600_003)
    assert f.passed(["orders"]) == 950


@pytest.mark.parametrize("start", [pytest.param(2, id="records lost"), pytest.param(0, id="counted twice")])
def test_ranges_that_do_not_tile_stop_the_process(start):
    f = frontier()
    f.advance(partial(watermark=100), 1)
    with pytest.raises(HoleInLog, match="orders/0"):
        f.advance(partial(watermark=200, start=start, to=5), 2)


def test_the_late_ratio_is_over_all_partitions_of_the_topics_asked():
    f = frontier(orders=2)
    f.advance(partial(watermark=1, to=10)._replace(late=1), 1)
    f.advance(partial(partition=1, watermark=1, to=30)._replace(late=1), 2)
    assert f.late_ratio(["orders"]) == pytest.approx(2 / 40)
    assert f.late_ratio(["clicks"]) == 0
