import socket
import struct
import threading

from streams.kafka.port import HOST, answers, free_port, listens


def serve_once(reply: bytes) -> int:
    server = socket.create_server((HOST, 0))

    def run() -> None:
        with server, server.accept()[0] as client:
            client.recv(1024)
            client.sendall(reply)

    threading.Thread(target=run, daemon=True).start()
    return int(server.getsockname()[1])


def test_nobody_listens_on_a_free_port() -> None:
    port = free_port()
    assert not listens(port)
    assert not answers(port)


def test_a_broker_that_names_itself_answers() -> None:
    assert answers(serve_once(struct.pack(">iii", 8, 1, 1)))


def test_a_broker_that_listens_before_it_may_serve_does_not_answer() -> None:
    assert not answers(serve_once(struct.pack(">iii", 8, 1, 0)))


def test_a_server_that_hangs_up_does_not_answer() -> None:
    assert not answers(serve_once(b""))
