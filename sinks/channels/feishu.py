"""Feishu (飞书) group robots: signed cards, 5 a second and 100 a minute."""

import base64
import hashlib
import hmac
from typing import Any

import msgspec

from sinks.bucket import Rate
from sinks.channels.answer import outcome_of
from sinks.channels.channel import Parcel, Robot
from sinks.message import Message
from sinks.outcome import Outcome
from sinks.secret import Secret
from sinks.wording import MESSAGE

RATES = (Rate(5, 1.0), Rate(100, 60.0))
TEXT_CHARS = 4_000  # of all lines together; a request may have 20 KB
TOO_OFTEN, INTERNAL = 11232, 11243


class Feishu:
    """Sends cards; the token is the end of the robot's URL. Texts are plain: nothing in them is a mention."""

    digest_from: int | None = 5

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self.rates: tuple[Rate, ...] = RATES

    async def send(self, parcel: Parcel) -> Outcome:
        """Try once, signed for this moment."""
        robot = self._robot
        url = f"{robot.url}/{robot.token.reveal()}"
        request: dict[str, Any] = {
            "msg_type": "interactive",
            "card": card(parcel.message, robot.desk.locale),
        }
        if robot.secret:
            request |= signature(robot.secret, int(robot.clock()))
        answer = await robot.poster.post(url, msgspec.json.encode(request), {}, robot.timeout_s)
        return outcome_of(answer, "code", {TOO_OFTEN: 60.0, INTERNAL: 5.0})


def signature(secret: Secret, now_s: int) -> dict[str, str]:
    """Return what is added to the request: valid for an hour around `now_s`."""
    key = f"{now_s}\n{secret.reveal()}"
    digest = hmac.new(key.encode(), b"", hashlib.sha256).digest()
    return {"timestamp": str(now_s), "sign": base64.b64encode(digest).decode()}


def card(message: Message, locale: str) -> dict[str, Any]:
    """Return the card: the grade's colour on its head, one element a line, links as buttons."""
    elements = [_text(text) for text in _texts(message, MESSAGE[locale]["separator"])]
    if message.links:
        buttons = [
            {"tag": "button", "text": _plain(link.text), "type": "default", "url": link.url}
            for link in message.links
        ]
        elements.append({"tag": "action", "actions": buttons})
    header = {"title": _plain(message.title), "template": message.colour}
    return {"config": {"wide_screen_mode": True}, "header": header, "elements": elements}


def _texts(message: Message, separator: str) -> list[str]:
    lines = [f"{line.label}{separator}{line.text}" if line.label else line.text for line in message.lines]
    texts: list[str] = []
    room = TEXT_CHARS
    for text in [message.text, *lines] if message.text else lines:
        if len(text) > room:
            return [*texts, "…"]
        texts.append(text)
        room -= len(text)
    return texts


def _text(text: str) -> dict[str, Any]:
    return {"tag": "div", "text": _plain(text)}


def _plain(text: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": text}
