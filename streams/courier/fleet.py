"""The couriers of the settings, one a channel, and the way from a record of the log to them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sinks.bucket import Rate
from sinks.channels.channel import Channel, Robot
from sinks.channels.dingtalk import Dingtalk
from sinks.channels.email import PORTS, Email, Mailbox
from sinks.channels.feishu import Feishu
from sinks.channels.vendor import SERVERS
from sinks.channels.webhook import Target, Webhook
from sinks.channels.wecom import Wecom
from sinks.courier import Courier, Ways
from sinks.http import Poster
from sinks.lane import Item, Lane
from sinks.message import Desk
from sinks.metrics import Sample
from sinks.notification import NotificationRefused, from_record
from sinks.route import Route, channels_for
from sinks.secret import Secret
from streams.machine import Record
from streams.settings.model import Channel as Spec
from streams.settings.model import Settings
from streams.settings.security_rules import policy_of

ROBOTS: Mapping[str, Callable[[Robot], Channel]] = {"wecom": Wecom, "dingtalk": Dingtalk, "feishu": Feishu}
NOTHING = Secret()


class Fleet:
    """Takes records of the notification topic, in order, and gives each to the couriers it is for.

    positions  where each channel goes on; one that is not there goes on at `start`
    """

    def __init__(
        self, settings: Settings, poster: Poster, ways: Ways, positions: Mapping[str, int], start: int
    ) -> None:
        self._routes = [
            Route(route.channels, route.grades, route.owners, route.kinds) for route in settings.routes
        ]
        self.couriers = {
            spec.name: _courier(spec, settings, poster, ways, positions.get(spec.name, start))
            for spec in settings.channels
            if spec.enabled
        }
        self._unrouted = self._refused = 0

    @property
    def position(self) -> int | None:
        """The offset below which every channel is settled; None without channels."""
        return min((each.lane.position for each in self.couriers.values()), default=None)

    def take(self, records: Sequence[Record]) -> None:
        """Give each notification to those it is for. What is none is counted and passed."""
        for record in records:
            names = self._names(record)
            for name, courier in self.couriers.items():
                if name not in names:
                    courier.lane.skip(record.offset)

    def samples(self) -> Iterable[Sample]:
        """Return what /metrics shows of all couriers."""
        for courier in self.couriers.values():
            yield from courier.samples()
        yield Sample("fenghuo_unrouted_total", (), self._unrouted)
        yield Sample("fenghuo_notifications_refused_total", (), self._refused)

    def _names(self, record: Record) -> list[str]:
        """Hand the record over, and return to whom."""
        try:
            notification = from_record(record.value or b"")
        except NotificationRefused:
            self._refused += 1
            return []
        names = channels_for(notification, self._routes, list(self.couriers))
        self._unrouted += not names
        for name in names:
            self.couriers[name].put(Item(record.offset, record.timestamp, notification))
        return names


def _courier(spec: Spec, settings: Settings, poster: Poster, ways: Ways, position: int) -> Courier:
    desk = Desk(settings.locale, settings.time.timezone, settings.links)
    channel = _channel(spec, settings, poster, ways, desk)
    if spec.per_minute is not None:
        channel.rates = (*channel.rates, Rate(spec.per_minute, 60.0))
    digest_from = spec.digest_from if spec.digest_from is not None else channel.digest_from
    lane = Lane(desk, spec.queue, digest_from, position)
    return Courier(spec.name, channel, lane, ways, spec.expire_ms / 1000)


def _channel(spec: Spec, settings: Settings, poster: Poster, ways: Ways, desk: Desk) -> Channel:
    timeout_s, secret = spec.timeout_ms / 1000, spec.secret or NOTHING
    if spec.kind == "email":
        return Email(_mailbox(spec, settings, ways, desk))
    if spec.kind == "webhook":
        return Webhook(Target(spec.url, secret, timeout_s, poster, ways.now_s))
    url = (spec.url or SERVERS[spec.kind]).rstrip("/")
    return ROBOTS[spec.kind](Robot(url, spec.token or NOTHING, secret, timeout_s, poster, desk, ways.now_s))


def _mailbox(spec: Spec, settings: Settings, ways: Ways, desk: Desk) -> Mailbox:
    return Mailbox(
        host=spec.host,
        port=spec.port or PORTS[spec.encryption],
        encryption=spec.encryption,
        username=spec.username,
        password=spec.password or NOTHING,
        sender=spec.sender,
        to=tuple(spec.to),
        timeout_s=spec.timeout_ms / 1000,
        policy=policy_of(settings),
        ca_file=settings.security.ca_file,
        desk=desk,
        clock=ways.now_s,
    )
