"""DingTalk (钉钉) group robots: signed Markdown messages, 20 a minute; beyond, ten minutes of silence."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

import msgspec

from sinks.bucket import Rate
from sinks.channels.answer import outcome_of
from sinks.channels.channel import Parcel, Robot
from sinks.markup import cut, harmless, markdown
from sinks.message import HEX, Message
from sinks.outcome import Outcome
from sinks.secret import Secret

RATES = (Rate(20, 60.0),)
CONTENT_BYTES = 16_000  # of 20,000 for the whole request
TITLE_BYTES = 180
BUSY, TOO_OFTEN, TOO_FAST = -1, 130101, 410100


class Dingtalk:
    """Sends Markdown; the token is the robot's `access_token`, the secret begins with SEC."""

    digest_from: int | None = 5

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self.rates: tuple[Rate, ...] = RATES

    async def send(self, parcel: Parcel) -> Outcome:
        """Try once, signed for this moment."""
        robot = self._robot
        query = {"access_token": robot.token.reveal()}
        if robot.secret:
            query |= signature(robot.secret, int(robot.clock() * 1000))
        url = f"{robot.url}?{urlencode(query)}"
        answer = await robot.poster.post(url, body(parcel.message, robot.desk.locale), {}, robot.timeout_s)
        return outcome_of(answer, "errcode", {BUSY: 5.0, TOO_FAST: 60.0, TOO_OFTEN: 600.0})


def signature(secret: Secret, now_ms: int) -> dict[str, str]:
    """Return what is added to the query: valid for an hour around `now_ms`."""
    text = f"{now_ms}\n{secret.reveal()}"
    digest = hmac.new(secret.reveal().encode(), text.encode(), hashlib.sha256).digest()
    return {"timestamp": str(now_ms), "sign": base64.b64encode(digest).decode()}


def body(message: Message, locale: str) -> bytes:
    """Return the request."""
    title = harmless(message.title)
    heading = f'### <font color="{HEX[message.colour]}">{title}</font>'
    text = markdown(message, heading, locale, CONTENT_BYTES, gap="\n\n")
    shown = {"title": cut(title, TITLE_BYTES), "text": text}
    return msgspec.json.encode({"msgtype": "markdown", "markdown": shown})
