"""Posting to a real receiver: what it does becomes an outcome, never an error, and never tells the URL."""

import asyncio
import socket
import time

import pytest

from sinks.address import Policy
from sinks.http import ANSWER_BYTES, Answer, Poster
from tests.sinks.receiver import Receiver, Reply, receiving

LOOPBACK = Policy(trusted=("127.0.0.1", "localhost"))


def post(url: str, policy: Policy = LOOPBACK, timeout_s: float = 5.0) -> Answer:
    async def once() -> Answer:
        async with Poster(policy, lambda: 0.0) as poster:
            return await poster.post(url, b"{}", {"X": "1"}, timeout_s)

    return asyncio.run(once())


@pytest.fixture
def receiver():
    with receiving() as running:
        yield running


def test_what_is_posted_arrives(receiver: Receiver) -> None:
    answer = post(receiver.url + "?key=hunter2")
    assert (answer.outcome.what, answer.body) == ("delivered", b"{}")
    (request,) = receiver.requests
    assert (request.path, request.query, request.body) == ("/in", {"key": ["hunter2"]}, b"{}")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x"] == "1"


@pytest.mark.parametrize(
    ("reply", "what", "after_s"),
    [
        pytest.param(Reply(204, b""), "delivered", None, id="no content"),
        pytest.param(Reply(400), "refused", None, id="bad request"),
        pytest.param(Reply(401), "refused", None, id="unauthorised"),
        pytest.param(Reply(404), "refused", None, id="not found"),
        pytest.param(Reply(410), "refused", None, id="gone"),
        pytest.param(Reply(408), "retry", None, id="request timeout"),
        pytest.param(Reply(429, b"", (("Retry-After", "7"),)), "retry", 7.0, id="too many, seconds"),
        pytest.param(
            Reply(429, b"", (("Retry-After", "Thu, 01 Jan 1970 00:01:00 GMT"),)),
            "retry",
            60.0,
            id="too many, date",
        ),
        pytest.param(Reply(500), "retry", None, id="server error"),
        pytest.param(Reply(503, b"", (("Retry-After", "3"),)), "retry", 3.0, id="unavailable"),
        pytest.param(Reply(302, b"", (("Location", "http://127.0.0.1:1/"),)), "refused", None, id="redirect"),
        pytest.param(Reply(307, b"", (("Location", "/in"),)), "refused", None, id="with the body"),
    ],
)
def test_a_status_is_an_outcome(receiver: Receiver, reply: Reply, what: str, after_s: float | None) -> None:
    receiver.reply = reply
    outcome = post(receiver.url + "?key=hunter2").outcome
    assert (outcome.what, outcome.after_s) == (what, after_s)
    assert "hunter2" not in outcome.reason
    assert len(receiver.requests) == 1, "a redirect is not followed"


@pytest.mark.parametrize(
    "reply",
    [Reply(hang=True), Reply(body=b"x" * 1_000, drip=True)],
    ids=["hangs", "drips"],
)
def test_a_receiver_that_does_not_end_is_left(receiver: Receiver, reply: Reply) -> None:
    receiver.reply = reply
    started = time.monotonic()
    outcome = post(receiver.url, timeout_s=0.3).outcome
    assert (outcome.what, outcome.reason) == ("retry", "did not answer within 0.3 s")
    assert time.monotonic() - started < 2


def test_an_endless_answer_is_read_only_in_part(receiver: Receiver) -> None:
    receiver.reply = Reply(body=b"x" * (ANSWER_BYTES * 4))
    answer = post(receiver.url)
    assert (answer.outcome.what, len(answer.body)) == ("delivered", ANSWER_BYTES)


def test_nobody_there_is_tried_again_and_the_reason_holds_no_token() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outcome = post(f"http://127.0.0.1:{port}/?key=hunter2").outcome
    assert outcome.what == "retry"
    assert outcome.reason.startswith(f"cannot connect to 127.0.0.1:{port}")
    assert "hunter2" not in outcome.reason


def test_a_name_that_leads_to_a_private_address_is_not_connected_to(receiver: Receiver) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    policy = Policy(allowed=("*",))
    assert "not https" in post(url, policy).outcome.reason
    outcome = post(url.replace("http:", "https:"), policy).outcome
    assert outcome.what == "retry"
    assert "no public address" in outcome.reason
    assert receiver.requests == []


def test_a_name_that_is_not_known_is_tried_again() -> None:
    outcome = post("https://no.such.host.invalid/?key=hunter2", Policy(allowed=("*",))).outcome
    assert outcome.what == "retry"
    assert "hunter2" not in outcome.reason


def test_a_receiver_without_tls_is_told_apart(receiver: Receiver) -> None:
    outcome = post(receiver.url.replace("http:", "https:")).outcome
    assert outcome.what == "retry"
