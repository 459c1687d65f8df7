"""Committed offsets: a coordinator in trouble is asked again, not taken for one that knows of none."""

import asyncio
from typing import Any, NamedTuple

import pytest
from aiokafka import OffsetAndMetadata, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from streams.kafka import offsets
from streams.kafka.offsets import committed_offsets

CLICKS = TopicPartition("shop.click.v1", 3)
ORDERS = TopicPartition("shop.order.v1", 0)
LOADING, NOT_COORDINATOR, NO_RIGHT = 14, 16, 30
FOUND = [("shop.click.v1", [(3, 17, "clock", 0)]), ("shop.order.v1", [(0, -1, "", 0)])]


class Answer(NamedTuple):
    """As the broker gives it from version 2 on."""

    topics: list[tuple[str, list[tuple[int, int, str, int]]]]
    error_code: int = 0


class Coordinator:
    """Gives the answers one after the other."""

    group_id = "fenghuo"

    def __init__(self, *answers: Answer | KafkaError) -> None:
        self._answers = list(answers)
        self.asked_anew = 0

    async def ensure_coordinator_known(self) -> None:
        """Know it."""

    async def _send_req(self, request: Any) -> Answer:
        assert request._consumer_group == "fenghuo"
        answer = self._answers.pop(0)
        if isinstance(answer, KafkaError):
            raise answer
        return answer

    def coordinator_dead(self) -> None:
        """Count."""
        self.asked_anew += 1


class Consumer:
    """Has a coordinator."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator


def asked(*answers: Answer | KafkaError) -> tuple[offsets.Offsets, Coordinator]:
    """Return what is found, and the coordinator."""
    coordinator = Coordinator(*answers)
    return asyncio.run(committed_offsets(Consumer(coordinator), [CLICKS, ORDERS])), coordinator  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offsets, "RETRY_S", 0)


def test_a_partition_without_an_offset_is_left_out() -> None:
    found, _ = asked(Answer(FOUND))
    assert found == {CLICKS: OffsetAndMetadata(17, "clock")}


@pytest.mark.parametrize("code", [LOADING, NOT_COORDINATOR])
def test_a_coordinator_that_cannot_tell_is_asked_again(code: int) -> None:
    found, coordinator = asked(Answer([], code), Answer(FOUND))
    assert set(found) == {CLICKS}
    assert coordinator.asked_anew == 1


def test_the_error_of_a_partition_is_one_too() -> None:
    found, _ = asked(Answer([("shop.click.v1", [(3, -1, "", LOADING)])]), Answer(FOUND))
    assert set(found) == {CLICKS}


def test_what_waiting_does_not_mend_is_raised() -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        asked(Answer([], NO_RIGHT))
