import socket

import pytest

from sinks.prometheus import Exhibit
from streams.failure import Failure
from streams.runner.health import Health, start_server
from streams.settings.model import Server, Settings


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize(
    ("silent_s", "waiting", "healthy", "ready"),
    [
        pytest.param(1, "", "", "", id="works"),
        pytest.param(1, "restoring", "", "restoring", id="not yet"),
        pytest.param(
            31, "", "the event loop has hung for 31 s", "the event loop has hung for 31 s", id="hangs"
        ),
    ],
)
def test_health_follows_the_beat_and_the_work(
    silent_s: float, waiting: str, healthy: str, ready: str
) -> None:
    clock = Clock()
    health = Health(clock)
    health.wait(waiting)
    clock.now_s += silent_s
    assert (health.healthy(), health.ready()) == (healthy, ready)
    health.beat()
    assert health.healthy() == ""


def test_a_new_worker_is_not_ready() -> None:
    assert Health(Clock()).ready() == "starting"


def test_a_taken_port_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(server=Server(port=taken.getsockname()[1]))
        with pytest.raises(Failure, match=r"server\.port in the settings, or FENGHUO_SERVER__HOST"):
            start_server(settings, Exhibit(1), Health(Clock()))


def test_the_server_answers_where_the_settings_say() -> None:
    server = start_server(Settings(server=Server(port=0)), Exhibit(1), Health(Clock()))
    with socket.create_connection(("127.0.0.1", server.port)):
        server.close()
