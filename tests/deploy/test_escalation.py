"""From a worker's /metrics to the webhook: what a reader is told of one alert's life, by the real parts."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sinks.metrics import Sample
from sinks.prometheus import Exhibit, Server, serve
from tests.deploy.stack import (
    Post,
    Receiver,
    alertmanager,
    alertmanager_config,
    ask,
    prometheus,
    prometheus_config,
    until,
)

pytestmark = pytest.mark.slow

BEATS = 2  # of the watchdog: longer than any group waits here


class Worker:
    """What notify would show, served by fenghuo's own server."""

    def __init__(self) -> None:
        self._exhibit = Exhibit(1_000)
        self._server: Server | None = None
        self._port = 0
        self.show()
        self.start()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = serve(self._exhibit, "127.0.0.1", self._port, healthy=str, ready=str)
        self._port = self._server.port

    def die(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def show(self, *samples: Sample) -> None:
        self._exhibit.publish([Sample("fenghuo_partitions", ("notify",), 1), *samples])


def grade(number: int, kind: str = "order_volume") -> Sample:
    return Sample("fenghuo_alert_grade", ("orders", "orders", "region=east", kind, "operations"), number)


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.die()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def manager(tmp_path: Path, worker: Worker, receiver: Receiver) -> Iterator[str]:
    """Run Prometheus and Alertmanager as shipped, but at a shorter pace; yield the latter's URL."""
    with ExitStack() as stack:
        url = stack.enter_context(alertmanager(tmp_path, _alertmanager_config(tmp_path, receiver.url)))
        stack.enter_context(prometheus(tmp_path, _prometheus_config(worker.target, url)))
        until(lambda: receiver.to("watchdog"), "the watchdog never barked")
        yield url


def test_one_alert_is_told_once_a_grade_and_its_end_once(manager, worker, receiver):
    worker.show(grade(2))
    until(lambda: receiver.to("team"), "grade III was not told")
    worker.show(grade(3))
    until(lambda: len(receiver.to("team")) > 1, "grade II was not told")
    worker.show(grade(4))
    until(lambda: receiver.to("page"), "grade I did not page")
    _beats(receiver)
    assert _told(receiver.to("team", "page", "feed")) == ["III", "II", "I"]

    worker.die()
    _beats(receiver)
    worker.start()
    _beats(receiver)
    assert _told(receiver.to("team", "page", "feed")) == ["III", "II", "I"], "a dead worker is no end"

    worker.show(grade(0))
    until(lambda: len(receiver.to("page")) > 1 and len(receiver.to("team")) > 2, "the end was not told")
    _beats(receiver)
    assert _told(receiver.to("team")) == ["III", "II", "resolved"]
    assert _told(receiver.to("page")) == ["I", "resolved"]
    assert {post.message["status"] for post in receiver.posts} == {"firing"}
    assert {post.authorization for post in receiver.posts} == {"Bearer let-me-in"}


def test_what_health_explains_is_muted_but_never_what_costs_money(manager, worker, receiver):
    blown = Sample("fenghuo_fuse_blown", ("shop.click.v1", "0"), 1)
    worker.show(blown)
    until(lambda: receiver.to("page"), "the fuse did not page")
    worker.show(blown, grade(2, "feed_silence"), grade(3, "order_volume"))
    until(lambda: receiver.to("team"), "grade II was not told")
    until(lambda: "feed_silence" in _suppressed(manager), "the silent feed was not muted")
    _beats(receiver)
    assert _told(receiver.to("team")) == ["II"]


def _told(posts: list[Post]) -> list[str]:
    """Return the grades in the order they were told, whatever alerts there were in one message."""
    return [alert["labels"]["grade"] for post in posts for alert in post.alerts]


def _suppressed(url: str) -> set[str]:
    alerts = ask(f"{url}/api/v2/alerts")
    return {alert["labels"].get("kind", "") for alert in alerts if alert["status"]["state"] == "suppressed"}


def _beats(receiver: Receiver) -> None:
    """Wait until the whole way has been gone several times: the watchdog goes it too."""
    seen = len(receiver.to("watchdog"))
    until(lambda: len(receiver.to("watchdog")) >= seen + BEATS, "the watchdog fell silent")


def _alertmanager_config(folder: Path, receiver: str) -> str:
    text = alertmanager_config(folder, receiver)
    text = re.sub(r"active_time_intervals: .*", "", text)  # the test runs at any hour
    text = re.sub(r"group_wait: (15s|45s|1m)", "group_wait: 500ms", text)
    text = re.sub(r"group_interval: \w+", "group_interval: 1s", text)
    return text.replace("repeat_interval: 1m", "repeat_interval: 1s")


def _prometheus_config(worker: str, manager: str) -> str:
    text = re.sub(
        r"scrape_interval: \w+|evaluation_interval: \w+",
        lambda hit: f"{hit[0].split(':')[0]}: 1s",
        prometheus_config(worker, manager.removeprefix("http://")),
    )
    return text.replace("scrape_timeout: 4s", "scrape_timeout: 1s")
