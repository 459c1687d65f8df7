"""The contract of a channel: it takes a parcel, tries once, and says what became of it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from sinks.bucket import Rate
from sinks.http import Poster
from sinks.message import Desk, Message
from sinks.notification import Notification
from sinks.outcome import Outcome
from sinks.secret import Secret


class Parcel(NamedTuple):
    """What is delivered at once: one notification, or many as a digest, in the order of the log.

    message    how people read it
    collapsed  older ones of the digest that are not among `notifications` any more
    """

    message: Message
    notifications: Sequence[Notification]
    collapsed: int = 0


class Channel(Protocol):
    """Delivers. One attempt at a time; never raises on what a receiver does."""

    rates: tuple[Rate, ...]
    digest_from: int | None  # so many waiting become one parcel; None: only when there is no more room

    async def send(self, parcel: Parcel) -> Outcome:
        """Try once, within the channel's timeout."""


class Robot(NamedTuple):
    """What a chat robot needs. url: without the token; secret: signs, empty when signing is off."""

    url: str
    token: Secret
    secret: Secret
    timeout_s: float
    poster: Poster
    desk: Desk
    clock: Callable[[], float]  # epoch seconds: signatures hold the time
