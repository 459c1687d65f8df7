"""E-mail against a real mail server on loopback, encrypted by a certificate of our own authority."""

import asyncio
import email.policy
import socket
import ssl
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from sinks.address import Policy
from sinks.channels.channel import Parcel
from sinks.channels.email import Email, Mailbox
from sinks.message import Desk, compose
from sinks.outcome import Outcome
from sinks.secret import Secret
from tests.sinks.notifications import INCIDENT, notification

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
DESK = Desk("zh-CN", "Asia/Shanghai", {"看板": "https://grafana.example/?a=1&b=2"})
TRUSTED = Policy(trusted=("localhost", "127.0.0.1"))


class Server:
    """Takes mail, or answers as it is told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.rcpt = "250 OK"
        self.data = "250 OK"

    async def handle_RCPT(self, *given: Any) -> str:  # noqa: N802 (aiosmtpd's hook)
        _, _, envelope, address, _ = given
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's hook)
        if self.data.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=email.policy.default)
            mail["X-To"] = ", ".join(envelope.rcpt_tos)
            mail["X-Login"] = str(session.authenticated)
            self.mails.append(mail)  # type: ignore[arg-type]
        return self.data


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    return AuthResult(handled=False, success=given == LoginPassword(b"fenghuo", b"hunter2"))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return authority, path


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture(params=["starttls", "tls"])
def running(request: pytest.FixtureRequest, server: Server, authority: Any) -> Iterator[tuple[str, int]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority[0].issue_cert("localhost").configure_cert(context)
    is_tls = request.param == "tls"
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=not is_tls,  # it does not see that all of the connection is TLS
        **({"ssl_context": context} if is_tls else {"tls_context": context, "require_starttls": True}),
    )
    controller.start()
    yield request.param, controller.port
    controller.stop()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def mailbox(port: int, encryption: str, ca_file: str = "", **changes: Any) -> Mailbox:
    settings: dict[str, Any] = {
        "host": "localhost",
        "port": port,
        "encryption": encryption,
        "username": "fenghuo",
        "password": Secret("hunter2"),
        "sender": "fenghuo@shop.example",
        "to": ("duty@shop.example", "lead@shop.example"),
        "timeout_s": 2.0,
        "policy": TRUSTED,
        "ca_file": ca_file,
        "desk": DESK,
        "clock": lambda: 1_795_521_600.0,
    }
    return Mailbox(**{**settings, **changes})


def send(box: Mailbox, **changes: Any) -> Outcome:
    told = notification(**changes)
    return asyncio.run(Email(box).send(Parcel(compose(told, DESK), [told])))


def test_a_mail_arrives_encrypted_and_says_everything(running: Any, server: Server, authority: Any) -> None:
    encryption, port = running
    assert send(mailbox(port, encryption, str(authority[1]))) == ("delivered", "", None)
    (mail,) = server.mails
    assert mail["X-Login"] == "True"
    assert mail["X-To"] == "duty@shop.example, lead@shop.example"
    assert mail["Subject"] == "【II级·橙】新告警：orders in 2 regions"
    assert mail["Message-ID"] == f"<{INCIDENT}-0@fenghuo.invalid>"
    assert mail["References"] == f"<{INCIDENT}@fenghuo.invalid>"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "损失：至今约 12,346 CNY" in plain
    assert 'href="https://grafana.example/?a=1&amp;b=2"' in html
    assert "#fa8c16" in html


def test_a_mail_cannot_be_given_further_headers_or_mark_up(
    running: Any, server: Server, authority: Any
) -> None:
    encryption, port = running
    evil = "x\r\nBcc: evil@x.example\r\n\r\n<script>alert(1)</script>"
    assert send(mailbox(port, encryption, str(authority[1])), title=evil, text=evil).what == "delivered"
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert "<script>" not in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("answers", "what"),
    [
        pytest.param({"rcpt": "550 no such user"}, "refused", id="no such user"),
        pytest.param({"rcpt": "451 try again"}, "retry", id="greylisted"),
        pytest.param({"data": "554 no"}, "refused", id="refused content"),
        pytest.param({"data": "452 full"}, "retry", id="full"),
    ],
)
def test_what_the_server_answers_is_an_outcome(running, server, authority, answers, what) -> None:
    vars(server).update(answers)
    encryption, port = running
    assert send(mailbox(port, encryption, str(authority[1]))).what == what


def test_a_wrong_password_is_refused_and_shows_nowhere(running: Any, authority: Any) -> None:
    encryption, port = running
    outcome = send(mailbox(port, encryption, str(authority[1]), password=Secret("wr0ng")))
    assert outcome.what == "refused", outcome
    assert "wr0ng" not in outcome.reason


def test_a_certificate_of_a_stranger_is_not_trusted(running: Any, server: Server) -> None:
    encryption, port = running
    outcome = send(mailbox(port, encryption))
    assert outcome.what == "retry"
    assert "SSL" in outcome.reason
    assert server.mails == []


def test_a_server_without_starttls_gets_no_mail(server: Server) -> None:
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        outcome = send(mailbox(controller.port, "starttls"))
    finally:
        controller.stop()
    assert (outcome.what, server.mails) == ("refused", [])


def test_a_name_that_leads_to_a_private_address_is_not_connected_to() -> None:
    outcome = send(mailbox(free_port(), "starttls", policy=Policy(allowed=("*",))))
    assert outcome.what == "retry"
    assert "no public address" in outcome.reason


def test_a_server_that_hangs_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        outcome = send(mailbox(silent.getsockname()[1], "starttls", timeout_s=0.3))
    assert outcome.what == "retry"
    assert time.monotonic() - started < 3


def test_nobody_there_is_tried_again() -> None:
    assert send(mailbox(free_port(), "starttls")).what == "retry"
