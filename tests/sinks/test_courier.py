"""A courier: at least once, in order, again and again; clocks are made up, so that nothing waits."""

import asyncio
import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from sinks.bucket import Rate
from sinks.channels.channel import Parcel
from sinks.courier import Courier, Ways
from sinks.lane import Item, Lane
from sinks.message import Desk
from sinks.outcome import DELIVERED, Outcome, refused, retry
from tests.sinks.notifications import notification

DESK = Desk("en", "UTC")
START_S = 1_000_000.0


class World:
    """Time passes only when somebody sleeps; `events` happen when their time has come."""

    def __init__(self) -> None:
        self.now_s = START_S
        self.events: list[tuple[float, Any]] = []
        self.positions: list[int] = []

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds
        for at_s, event in [each for each in self.events if each[0] <= self.now_s]:
            self.events.remove((at_s, event))
            event()
        await asyncio.sleep(0)

    async def settled(self, _name: str, position: int) -> None:
        self.positions.append(position)

    def ways(self) -> Ways:
        return Ways(lambda: self.now_s, self.sleep, self.settled, random.Random(1))


class Script:
    """A channel that answers by a script, then takes everything."""

    def __init__(
        self, world: World, answers: list[Outcome | Exception], rates: tuple[Rate, ...] = ()
    ) -> None:
        self.rates = rates
        self.digest_from: int | None = 5
        self.sent: list[tuple[float, Parcel]] = []
        self._world = world
        self._answers: Iterator[Outcome | Exception] = iter(answers)

    async def send(self, parcel: Parcel) -> Outcome:
        self.sent.append((self._world.now_s - START_S, parcel))
        answer = next(self._answers, DELIVERED)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def keys(self) -> list[str]:
        return [parcel.message.key for _, parcel in self.sent]


def item(offset: int, appended_s: float = START_S) -> Item:
    return Item(offset, int(appended_s * 1000), notification(offset + 1))


def key(offset: int) -> str:
    return f"{offset + 1:032x}-0"


def work(world: World, channel: Script, items: list[Item], digest_from: int | None = 5) -> Courier:
    """Deliver until nothing waits."""
    courier = Courier("chat", channel, Lane(DESK, 100, digest_from, 0), world.ways(), 86_400.0)

    async def run() -> None:
        for each in items:
            courier.put(each)
        task = asyncio.create_task(courier.run())
        while len(courier.lane) or world.events:
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(asyncio.wait_for(run(), 20))
    return courier


@pytest.fixture
def world() -> World:
    return World()


def counts(courier: Courier) -> dict[str, float]:
    return {
        s.labels[1]: s.value for s in courier.samples() if s.name == "fenghuo_deliveries_total" and s.value
    }


def test_what_waits_is_delivered_in_order_and_noted_each_time(world: World) -> None:
    channel = Script(world, [])
    courier = work(world, channel, [item(n) for n in range(3)])
    assert channel.keys() == [key(0), key(1), key(2)]
    assert world.positions == [1, 2, 3]
    assert counts(courier) == {"delivered": 3}


def test_what_may_succeed_later_is_tried_again_with_growing_pauses_under_its_key(world: World) -> None:
    channel = Script(world, [retry("away")] * 5)
    work(world, channel, [item(0), item(1)])
    assert channel.keys() == [key(0)] * 6 + [key(1)]
    times = [at for at, _ in channel.sent]
    pauses = [later - before for before, later in pairwise(times[:-1])]
    assert all(2.0**n / 2 <= pause <= 2.0**n for n, pause in enumerate(pauses))


def test_the_pause_a_receiver_asks_for_is_kept(world: World) -> None:
    channel = Script(world, [retry("too many", 42.0)])
    work(world, channel, [item(0)])
    assert [at for at, _ in channel.sent] == [0.0, 42.0]


def test_what_will_never_succeed_is_given_up_and_the_next_goes_out(world: World) -> None:
    channel = Script(world, [refused("answered 400")])
    courier = work(world, channel, [item(0), item(1)])
    assert channel.keys() == [key(0), key(1)]
    assert world.positions == [1, 2]
    assert counts(courier) == {"refused": 1, "delivered": 1}


def test_a_parcel_that_cannot_be_set_stops_nothing_and_its_words_are_not_told(world: World, caplog) -> None:
    channel = Script(world, [ValueError("https://x/?key=hunter2")])
    courier = work(world, channel, [item(0), item(1)])
    assert counts(courier) == {"refused": 1, "delivered": 1}
    assert "ValueError" in caplog.text
    assert "hunter2" not in caplog.text


def test_trouble_is_logged_once_and_so_is_its_end(world: World, caplog) -> None:
    caplog.set_level("INFO")
    work(world, Script(world, [retry("away")] * 20), [item(0)])
    assert [record.getMessage() for record in caplog.records] == [
        "channel chat away: trying again",
        "channel chat delivers again",
    ]


def test_a_burst_is_one_digest(world: World) -> None:
    channel = Script(world, [])
    work(world, channel, [item(n) for n in range(50)])
    ((_, parcel),) = channel.sent
    assert len(parcel.notifications) == 50
    assert world.positions == [50]


def test_what_comes_while_the_channel_is_away_is_one_digest_when_it_is_back(world: World) -> None:
    channel = Script(world, [retry("away")] * 6)
    courier = Courier("chat", channel, Lane(DESK, 100, 5, 0), world.ways(), 86_400.0)
    world.events = [(START_S + n, lambda n=n: courier.put(item(n))) for n in range(1, 10)]

    async def run() -> None:
        courier.put(item(0))
        task = asyncio.create_task(courier.run())
        while len(courier.lane) or world.events:
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(asyncio.wait_for(run(), 20))
    assert len(channel.sent[-1][1].notifications) == 10
    assert world.positions == [10]


def test_the_rate_of_a_channel_is_kept_and_a_digest_saves_tokens(world: World) -> None:
    channel = Script(world, [], (Rate(20, 60.0),))
    work(world, channel, [item(n) for n in range(40)], digest_from=None)
    times = [at for at, _ in channel.sent]
    assert len(times) == 40
    assert max(sum(start <= at < start + 60 for at in times) for start in times) <= 20


def test_what_is_too_old_is_not_told_but_counted(world: World) -> None:
    channel = Script(world, [])
    old = item(0, appended_s=START_S - 100_000)
    courier = work(world, channel, [old, item(1)])
    assert channel.keys() == [key(1)]
    assert counts(courier) == {"expired": 1, "delivered": 1}


def test_what_gets_too_old_while_the_channel_is_away_is_left(world: World) -> None:
    channel = Script(world, [retry("away", 3_600.0)] * 30)
    courier = work(world, channel, [item(0)])
    assert len(channel.sent) == 25
    assert counts(courier) == {"retry": 25, "expired": 1}


def test_how_long_something_waits_is_shown(world: World) -> None:
    courier = Courier("chat", Script(world, []), Lane(DESK, 100, 5, 0), world.ways(), 86_400.0)
    shown = {s.name: s.value for s in courier.samples() if len(s.labels) == 1}
    assert shown == {"fenghuo_undelivered_seconds": 0.0, "fenghuo_undelivered": 0}
    courier.put(item(0, appended_s=START_S - 7))
    shown = {s.name: s.value for s in courier.samples() if len(s.labels) == 1}
    assert shown == {"fenghuo_undelivered_seconds": 7.0, "fenghuo_undelivered": 1}
