"""The generic webhook: the notification itself, signed, with a key to tell repetitions by."""

import asyncio
import hashlib
import hmac

import msgspec

from sinks.address import Policy
from sinks.channels.channel import Parcel
from sinks.channels.webhook import Target, Webhook
from sinks.http import Poster
from sinks.message import Desk, compose, digest
from sinks.notification import Notification
from sinks.secret import Secret
from tests.sinks.notifications import OPEN, notification
from tests.sinks.receiver import Receiver, receiving

DESK = Desk("en", "UTC")


def send(receiver: Receiver, parcel: Parcel, secret: str, times: int = 1) -> None:
    async def once() -> None:
        async with Poster(Policy(trusted=("127.0.0.1",)), lambda: 0.0) as poster:
            webhook = Webhook(Target(receiver.url, Secret(secret), 5.0, poster, lambda: 1_700_000_000.9))
            for _ in range(times):
                assert (await webhook.send(parcel)).what == "delivered"

    asyncio.run(once())


def test_the_notification_arrives_whole_and_signed() -> None:
    with receiving() as receiver:
        send(receiver, Parcel(compose(OPEN, DESK), [OPEN]), "s3cret", times=2)
    first, second = receiver.requests
    body = msgspec.json.decode(first.body)
    assert msgspec.convert(body["notifications"], list[Notification]) == [OPEN]
    assert (body["schema_version"], body["collapsed"]) == (1, 0)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == OPEN.idempotency_key
    signed = hmac.new(b"s3cret", b"1700000000." + first.body, hashlib.sha256).hexdigest()
    assert first.headers["fenghuo-timestamp"] == "1700000000"
    assert first.headers["fenghuo-signature"] == f"sha256={signed}"


def test_without_a_secret_nothing_is_signed() -> None:
    with receiving() as receiver:
        send(receiver, Parcel(compose(OPEN, DESK), [OPEN]), "")
    assert "fenghuo-signature" not in receiver.requests[0].headers


def test_many_come_as_a_list_and_it_is_said_how_many_are_not_in_it() -> None:
    told = [notification(1), notification(2)]
    with receiving() as receiver:
        send(receiver, Parcel(digest(told, 3, DESK), told, 3), "")
    body = receiver.requests[0].json
    assert [each["incident_id"] for each in body["notifications"]] == [each.incident_id for each in told]
    assert body["collapsed"] == 3
