"""WeCom (企业微信) group robots: Markdown messages, 20 a minute for each robot."""

import msgspec

from sinks.bucket import Rate
from sinks.channels.answer import outcome_of
from sinks.channels.channel import Parcel, Robot
from sinks.markup import harmless, markdown
from sinks.message import Message
from sinks.outcome import Outcome

RATES = (Rate(20, 60.0),)
CONTENT_BYTES = 4_096
BUSY, TOO_OFTEN = -1, 45009
_COLOURS = {"green": "info", "blue": "comment"}  # it knows three; the rest is `warning`


class Wecom:
    """Sends Markdown; the token is the robot's `key`. Its messages are not signed."""

    digest_from: int | None = 5

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self.rates: tuple[Rate, ...] = RATES

    async def send(self, parcel: Parcel) -> Outcome:
        """Try once."""
        robot = self._robot
        url = f"{robot.url}?key={robot.token.reveal()}"
        answer = await robot.poster.post(url, body(parcel.message, robot.desk.locale), {}, robot.timeout_s)
        return outcome_of(answer, "errcode", {BUSY: 5.0, TOO_OFTEN: 60.0})


def body(message: Message, locale: str) -> bytes:
    """Return the request."""
    colour = _COLOURS.get(message.colour, "warning")
    heading = f'**<font color="{colour}">{harmless(message.title)}</font>**'
    content = markdown(message, heading, locale, CONTENT_BYTES)
    return msgspec.json.encode({"msgtype": "markdown", "markdown": {"content": content}})
