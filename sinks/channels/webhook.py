"""A generic webhook: the notification's JSON to a program, signed, with a key to tell repetitions by."""

import hashlib
import hmac
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from sinks.bucket import Rate
from sinks.channels.channel import Parcel
from sinks.http import Poster
from sinks.outcome import Outcome
from sinks.secret import Secret

SCHEMA_VERSION = 1


class Target(NamedTuple):
    """Where to post. secret: signs, empty when signing is off; clock: epoch seconds."""

    url: str
    secret: Secret
    timeout_s: float
    poster: Poster
    clock: Callable[[], float]


class Webhook:
    """Posts `{schema_version, notifications: [...], collapsed}`.

    Headers: `Idempotency-Key`, the same for the same body on every attempt; `Fenghuo-Timestamp`, epoch
    seconds; `Fenghuo-Signature: sha256=HEX`, the HMAC of `TIMESTAMP.BODY` (see docs/channels.md).
    """

    digest_from: int | None = None

    def __init__(self, target: Target) -> None:
        self._target = target
        self.rates: tuple[Rate, ...] = ()

    async def send(self, parcel: Parcel) -> Outcome:
        """Try once."""
        target, content = self._target, body(parcel)
        headers = {"Idempotency-Key": parcel.message.key}
        if target.secret:
            headers |= signature(target.secret, int(target.clock()), content)
        answer = await target.poster.post(target.url, content, headers, target.timeout_s)
        return answer.outcome


def body(parcel: Parcel) -> bytes:
    """Return the request."""
    return msgspec.json.encode(
        {
            "schema_version": SCHEMA_VERSION,
            "notifications": list(parcel.notifications),
            "collapsed": parcel.collapsed,
        }
    )


def signature(secret: Secret, now_s: int, content: bytes) -> dict[str, str]:
    """Return the headers that prove who sent this, and when."""
    signed = hmac.new(secret.reveal().encode(), b"%d.%s" % (now_s, content), hashlib.sha256).hexdigest()
    return {"Fenghuo-Timestamp": str(now_s), "Fenghuo-Signature": f"sha256={signed}"}
