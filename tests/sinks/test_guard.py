"""/metrics and health behind a token and TLS."""

import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError, URLError

import pytest
import trustme

from sinks.prometheus import Exhibit, Guard, Server, serve
from sinks.secret import Secret

AUTHORITY = trustme.CA()
PAGES = ["/metrics", "/-/healthy", "/-/ready"]


def serving(guard: Guard) -> Iterator[Server]:
    server = serve(Exhibit(10), "127.0.0.1", 0, healthy=str, ready=str, guard=guard)
    yield server
    server.close()


@pytest.fixture
def asking() -> Iterator[Server]:
    yield from serving(Guard(token=Secret("hunter2")))


@pytest.fixture
def secured() -> Iterator[Server]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    yield from serving(Guard(tls=context))


def fetch(url: str, authorization: str = "", context: ssl.SSLContext | None = None) -> int:
    request = urllib.request.Request(url, headers={"Authorization": authorization} if authorization else {})  # noqa: S310 (our own loopback)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310 (our own loopback)
            return int(answer.status)
    except HTTPError as error:
        return error.code


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer hunter2", 200),
        ("", 401),
        ("Bearer hunter", 401),
        ("Bearer hunter22", 401),
        ("Basic hunter2", 401),
        ("hunter2", 401),
    ],
)
def test_every_page_asks_for_the_token(asking: Server, page: str, authorization: str, status: int) -> None:
    assert fetch(f"http://127.0.0.1:{asking.port}{page}", authorization) == status


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_served_by_tls(secured: Server, page: str) -> None:
    assert fetch(f"https://127.0.0.1:{secured.port}{page}", context=trusting()) == 200


def test_a_client_that_does_not_trust_the_certificate_gets_nothing(secured: Server) -> None:
    with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(f"https://127.0.0.1:{secured.port}/metrics")


def test_a_client_that_never_finishes_its_handshake_holds_up_nobody(secured: Server) -> None:
    with socket.create_connection(("127.0.0.1", secured.port)):
        started = time.monotonic()
        assert fetch(f"https://127.0.0.1:{secured.port}/-/healthy", context=trusting()) == 200
        assert time.monotonic() - started < 2


def test_without_tls_there_is_no_answer(secured: Server, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((URLError, ConnectionError)):
        fetch(f"http://127.0.0.1:{secured.port}/metrics")
    assert "Traceback" not in capfd.readouterr().err
