"""The real courier on a real broker: killed at any moment, it delivers everything, in order."""

import signal
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from sinks import alert_record, notification
from sinks.notification import Notification
from streams.cli.main import main
from streams.machine import Output
from streams.settings.model import Channel, Edge, Route, Server, Settings
from tests.kafka.process import Fleet, quick, read, send, workers
from tests.sinks import notifications
from tests.sinks.alerts import OPENED
from tests.sinks.receiver import Receiver, Reply, receiving, until

pytestmark = pytest.mark.kafka
LONG_S = 40.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def fleet(tmp_path: Any) -> Iterator[Fleet]:
    with workers(tmp_path) as started:
        yield started


def telling(
    topics: Settings, *receivers: Receiver, routes: list[Route] | None = None, **keys: Any
) -> Settings:
    """Return settings with a webhook for each receiver."""
    return msgspec.structs.replace(
        quick(topics),
        channels=[
            Channel(name=f"hook{at}", kind="webhook", url=each.url, **keys)
            for at, each in enumerate(receivers)
        ],
        routes=routes or [],
        security=Edge(trusted_hosts=["127.0.0.1"]),
        server=Server(courier_port=0),
    )


def tell(settings: Settings, told: list[Notification]) -> None:
    topic = settings.topics.notification
    send(settings, [Output(topic, *notification.to_record(each, "demo")) for each in told])


def numbered(first: int, last: int, **changes: Any) -> list[Notification]:
    return [notifications.notification(n, **changes) for n in range(first, last)]


def heard(receiver: Receiver) -> list[str]:
    """Return the incidents delivered, in order, repetitions and all."""
    requests = [each.json["notifications"] for each in list(receiver.requests)]
    return [one["incident_id"] for each in requests for one in each]


def ids(first: int, last: int) -> list[str]:
    return [f"{n:032x}" for n in range(first, last)]


def is_told(receiver: Receiver, last: int) -> bool:
    return f"{last - 1:032x}" in heard(receiver)


def test_what_was_written_before_and_after_the_start_is_delivered_in_order(topics, fleet, receiver) -> None:
    settings = telling(topics, receiver)
    tell(settings, numbered(1, 4))
    fleet.courier(settings).wait_ready()
    tell(settings, numbered(4, 7))
    until(lambda: is_told(receiver, 7), "the last one did not come", LONG_S)
    assert heard(receiver) == ids(1, 7)
    keys = [each.headers["idempotency-key"] for each in receiver.requests]
    assert keys == [f"{each}-0" for each in ids(1, 7)]


def test_killed_at_any_moment_it_loses_nothing_and_repeats_at_most_what_was_on_its_way(
    topics, fleet, receiver
) -> None:
    settings = telling(topics, receiver)
    courier = fleet.courier(settings).wait_ready()
    kills = 3
    for turn in range(kills):
        tell(settings, numbered(1 + turn * 10, 11 + turn * 10))
        until(lambda turn=turn: is_told(receiver, 5 + turn * 10), "nothing came", LONG_S)
        courier.send(signal.SIGKILL)
        courier.wait()
        courier = fleet.courier(settings).wait_ready()
    until(lambda: is_told(receiver, 1 + kills * 10), "the last one did not come", LONG_S)
    told = heard(receiver)
    assert list(dict.fromkeys(told)) == ids(1, 1 + kills * 10), "in order, none missing"
    assert len(told) <= kills * 10 + kills


def test_a_channel_that_is_away_holds_up_no_other_and_gets_everything_when_it_is_back(
    topics, fleet, receiver, other
) -> None:
    settings = telling(topics, receiver, other, timeout_ms=300)
    receiver.reply = Reply(hang=True)
    courier = fleet.courier(settings).wait_ready()
    tell(settings, numbered(1, 6))
    until(lambda: is_told(other, 6), "the other channel waits", LONG_S)
    assert heard(other) == ids(1, 6)
    assert set(heard(receiver)) <= {f"{1:032x}"}
    receiver.reply = Reply()
    until(lambda: is_told(receiver, 6), "it is back, but nothing came", LONG_S)
    assert list(dict.fromkeys(heard(receiver))) == ids(1, 6)
    log = courier.log.read_text()
    assert log.count("channel hook0 did not answer within 0.3 s: trying again") == 1
    assert log.count("channel hook0 delivers again") == 1


def test_what_a_channel_refuses_is_given_up_and_said_once(topics, fleet, receiver) -> None:
    settings = telling(topics, receiver)
    receiver.replies = [Reply(400), Reply(400)]
    courier = fleet.courier(settings).wait_ready()
    tell(settings, numbered(1, 4))
    until(lambda: len(receiver.requests) == 3, "the third did not come", LONG_S)
    assert courier.log.read_text().count("channel hook0 answered 400: given up") == 1


def test_one_of_two_couriers_works_and_the_other_takes_over(topics, fleet, receiver) -> None:
    settings = telling(topics, receiver)
    couriers = [fleet.courier(settings).wait_ready() for _ in range(2)]
    tell(settings, numbered(1, 6))
    until(lambda: is_told(receiver, 6), "nothing came", LONG_S)
    assert heard(receiver) == ids(1, 6)
    for courier in couriers:
        tell(settings, numbered(len(heard(receiver)) + 1, len(heard(receiver)) + 6))
        courier.send(signal.SIGTERM)
        assert courier.wait() == 0
        if courier is couriers[0]:
            until(lambda: is_told(receiver, 11), "nobody took over", LONG_S)
    assert list(dict.fromkeys(heard(receiver)))[:10] == ids(1, 11)


def test_routes_decide_and_what_is_no_notification_is_passed(topics, fleet, receiver, other) -> None:
    routes = [Route(name="red", channels=["hook0"], grades=["I"]), Route(name="rest", channels=["hook1"])]
    settings = telling(topics, receiver, other, routes=routes)
    send(settings, [Output(settings.topics.notification, None, b"{")])
    tell(settings, [*numbered(1, 2, grade=4), *numbered(2, 3, grade=2)])
    fleet.courier(settings).wait_ready()
    until(lambda: is_told(other, 3), "nothing came", LONG_S)
    until(lambda: is_told(receiver, 2), "nothing came", LONG_S)
    assert heard(other) == ids(1, 3)
    assert heard(receiver) == ids(1, 2)


def test_without_channels_there_is_nothing_to_do(topics, fleet) -> None:
    courier = fleet.courier(telling(topics))
    assert courier.wait() == 1
    assert "there are no channels to deliver to" in courier.log.read_text()


def configured(settings: Settings, folder: Any) -> str:
    path = folder / "fenghuo.yaml"
    names = msgspec.structs.asdict(settings.topics)
    kafka = {"bootstrap_servers": settings.kafka.bootstrap_servers, "group": settings.kafka.group}
    path.write_bytes(msgspec.json.encode({"topics": names, "kafka": kafka}))
    return str(path)


def test_an_incident_is_acknowledged_by_the_beginning_of_its_id(topics, tmp_path) -> None:
    tell(topics, [notifications.OPEN])
    send(topics, [Output(topics.topics.alert, *alert_record.to_record(OPENED, "demo"))])
    config = configured(topics, tmp_path)
    done = CliRunner().invoke(
        main, ["ack", notifications.INCIDENT[:12], "--by", "Li  Lei", "--config", config]
    )
    assert done.exit_code == 0, done.output
    _, taken = read(topics, topics.topics.alert, 1)[0]
    alert = alert_record.from_record(taken.value)
    assert (alert.transition, alert.acknowledged_by, alert.alert_id) == (
        "acknowledged",
        "Li Lei",
        OPENED.alert_id,
    )
    assert taken.key == alert_record.to_record(OPENED, "demo")[0]
    assert dict(taken.headers)["ce_id"] == f"{OPENED.alert_id}-0-acknowledged".encode()


@pytest.mark.parametrize(
    ("which", "code", "said"),
    [
        ("0" * 12, 1, "no open incident or alert begins with 000000000000"),
        ("89a", 2, "at least 6 characters"),
    ],
)
def test_what_is_not_open_cannot_be_acknowledged(topics, tmp_path, which, code, said) -> None:
    config = configured(topics, tmp_path)
    done = CliRunner().invoke(main, ["ack", which, "--by", "x", "--config", config])
    assert done.exit_code == code
    assert said in done.output
    assert read(topics, topics.topics.alert, 1) == [[]]
