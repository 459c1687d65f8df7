import socket
from pathlib import Path

import pytest

from streams.kafka.local import Broker, BrokerSilent, PortTaken
from streams.kafka.port import answers, free_port, listens

pytestmark = pytest.mark.kafka


def test_a_started_broker_answers(broker: Broker) -> None:
    assert broker.pid is not None
    assert broker.bootstrap_servers == f"127.0.0.1:{broker.port}"
    assert answers(broker.port)


def test_starting_twice_keeps_the_running_broker(broker: Broker) -> None:
    before = broker.pid, broker.port
    broker.start(free_port())
    assert (broker.pid, broker.port) == before


def test_another_object_on_the_same_folder_sees_the_broker(broker: Broker) -> None:
    assert Broker(broker.data).pid == broker.pid


def test_a_killed_broker_comes_back_on_its_port_and_another_object_stops_it(
    tmp_path: Path, broker: Broker
) -> None:
    mine = Broker(tmp_path, broker.jars)
    mine.start()
    port = mine.port
    mine.kill()
    assert mine.pid is None
    assert not listens(port)
    mine.restart()
    assert mine.port == port
    assert answers(port)
    Broker(tmp_path).stop()
    assert mine.pid is None
    assert not listens(port)


def test_a_taken_port_is_refused_and_nothing_is_left_running(tmp_path: Path, broker: Broker) -> None:
    mine = Broker(tmp_path, broker.jars)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} is taken"):
            mine.start(port)
    assert mine.pid is None


def test_a_broker_that_does_not_come_up_shows_its_log_and_is_ended(tmp_path: Path, broker: Broker) -> None:
    mine = Broker(tmp_path, broker.jars)
    with pytest.raises(BrokerSilent, match=r"does not answer within 0\.0 s"):
        mine.start(timeout_s=0.0)
    assert mine.pid is None


def test_a_broker_that_ends_while_starting_shows_the_end_of_its_log(tmp_path: Path, broker: Broker) -> None:
    mine = Broker(tmp_path, broker.jars)
    mine.start()
    mine.stop()
    (tmp_path / "logs" / "meta.properties").write_text("version=1\ncluster.id=another\nnode.id=7\n")
    with pytest.raises(BrokerSilent, match="ended while starting") as raised:
        mine.start()
    assert "node" in str(raised.value)
