"""The group seen from outside: partitions nobody reads, topics that are gone."""

import pytest
from aiokafka import TopicPartition

from streams.runner.exit_code import AGAIN
from streams.runner.group import LOOKS, Group, Orphaned, View
from streams.runner.restore import Refused


def given(*pairs):
    return frozenset(TopicPartition(topic, at) for topic, at in pairs)


ALL = given(("click", 0), ("click", 1), ("order", 0))
TOPICS = {"click": 2, "order": 1, "state": 1}
FINE = View(TOPICS, ALL)
ORPHAN = View(TOPICS, ALL - given(("click", 1)))


def judge(views):
    group = Group(["click", "order"], TOPICS)
    for view in views:
        group.judge(view)


@pytest.mark.parametrize(
    "views",
    [
        pytest.param([FINE] * 10, id="every partition has a reader"),
        pytest.param([View(TOPICS, None)] * 10, id="the group is being rebalanced"),
        pytest.param([*[ORPHAN] * (LOOKS - 1), FINE] * 3, id="for a moment only"),
        pytest.param([View({**TOPICS, "other": 9}, ALL)] * 10, id="topics of others"),
        pytest.param([View({}, ALL), FINE] * 5, id="metadata not there for a moment"),
    ],
)
def test_all_is_well(views):
    judge(views)


def test_partitions_that_nobody_reads_are_named_and_the_worker_starts_again():
    with pytest.raises(Orphaned, match="click/1") as ended:
        judge([ORPHAN] * LOOKS)
    assert ended.value.exit_code == AGAIN


@pytest.mark.parametrize("gone", ["click", "state"])
def test_a_deleted_topic_ends_the_worker_for_good_with_what_to_do(gone):
    left = {name: count for name, count in TOPICS.items() if name != gone}
    with pytest.raises(Refused, match=f"{gone}.*fenghuo topics apply"):
        judge([View(left, ALL)] * LOOKS)
