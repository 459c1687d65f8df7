"""Rules of channels, routes and Alertmanagers."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from yarl import URL

from sinks.address import Policy
from sinks.channels.vendor import SERVERS
from streams.settings.fault import not_one_of
from streams.settings.metric_rules import NAME, NAME_ALLOWED, Finding
from streams.settings.model import Channel, Route, Settings
from streams.settings.response_rules import owners_of
from streams.settings.security_rules import policy_of


class Keys(NamedTuple):
    """Of a kind of channel: what it must and what it may have, besides what all have."""

    must: tuple[str, ...]
    may: tuple[str, ...] = ()


COMMON = frozenset({"name", "kind", "enabled", "per_minute", "timeout", "expire", "queue", "digest_from"})
KEYS: dict[str, Keys] = {
    "wecom": Keys(("token",), ("url",)),
    "dingtalk": Keys(("token",), ("url", "secret")),
    "feishu": Keys(("token",), ("url", "secret")),
    "webhook": Keys(("url",), ("secret",)),
    "email": Keys(("host", "sender", "to"), ("port", "encryption", "username", "password")),
}
MAIL = re.compile(r"[^\s@,<>\"]{1,64}@[^\s@,<>\"]{1,255}", re.ASCII)
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
PORT_MAX = 65_535


def channel_findings(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with channels, routes and alertmanagers."""
    policy = policy_of(settings)
    for channel in settings.channels:
        yield from ((("channels", channel.name, *path), said) for path, said in _of_channel(channel, policy))
    yield from _twice("channels", [channel.name for channel in settings.channels])
    for route in settings.routes:
        yield from ((("routes", route.name, *path), said) for path, said in _of_route(route, settings))
    yield from _twice("routes", [route.name for route in settings.routes])
    yield from ((("alertmanagers", *path), said) for path, said in _of_alertmanagers(settings, policy))


def _of_channel(channel: Channel, policy: Policy) -> Iterator[Finding]:
    if not NAME.fullmatch(channel.name):
        yield ("name",), f"found {channel.name!r}; allowed: {NAME_ALLOWED}"
    yield from _key_findings(channel)
    yield from _number_findings(channel)
    if channel.url:
        server = URL(SERVERS.get(channel.kind, "")).host
        if why := policy.refuse_url(channel.url, *([server] if server else [])):
            yield ("url",), f"the URL {why}"
    if channel.kind == "email":
        yield from _mail_findings(channel, policy)


def _key_findings(channel: Channel) -> Iterator[Finding]:
    keys = KEYS[channel.kind]
    known = {*keys.must, *keys.may}
    for field in msgspec.structs.fields(channel):
        key = field.encode_name
        default = [] if field.default_factory is list else field.default
        if (
            getattr(channel, field.name) != default
            and key not in COMMON
            and key.removesuffix("_file") not in known
        ):
            allowed = ", ".join(sorted(known))
            yield (key,), f"no key of kind {channel.kind}; allowed: {allowed}"
    for key in keys.must:
        if not getattr(channel, key) and not getattr(channel, f"{key}_file", ""):
            yield (key,), _missing(channel, key)


def _missing(channel: Channel, key: str) -> str:
    if not hasattr(channel, f"{key}_file"):
        return f"missing: kind {channel.kind} needs it"
    variable = f"FENGHUO_CHANNELS__{channel.name}__{key}".upper()
    return f"missing; allowed: a file, named in {key}_file, or {variable}"


def _number_findings(channel: Channel) -> Iterator[Finding]:
    for key, least in (("per_minute", 1), ("queue", 1), ("digest_from", 2)):
        value = getattr(channel, key)
        if value is not None and value < least:
            yield (key,), f"found {value}; allowed: {least} or more"
    for key in ("timeout", "expire"):
        if getattr(channel, f"{key}_ms") <= 0:
            yield (key,), "found 0s; allowed: a longer time"


def _mail_findings(channel: Channel, policy: Policy) -> Iterator[Finding]:
    if channel.host and (why := policy.refuse_host(channel.host)):
        yield ("host",), why
    if channel.encryption == "none" and not policy.trusts(channel.host):
        yield (
            ("encryption",),
            f"found none; allowed: starttls, tls, or {channel.host} in security.trusted_hosts",
        )
    if channel.port is not None and not 1 <= channel.port <= PORT_MAX:
        yield ("port",), f"found {channel.port}; allowed: 1 to {PORT_MAX}"
    for key, addresses in (("sender", [channel.sender] if channel.sender else []), ("to", channel.to)):
        for address in addresses:
            if not MAIL.fullmatch(address):
                yield (key,), f"found {address!r}; allowed: NAME@HOST"
    has_password = channel.password is not None or bool(channel.password_file)
    if has_password != bool(channel.username):
        yield ("username",), "username and password go together"


def _of_route(route: Route, settings: Settings) -> Iterator[Finding]:
    names = [channel.name for channel in settings.channels]
    if not route.channels:
        yield (
            ("channels",),
            not_one_of("", names),
        )
    for name in route.channels:
        if name not in names:
            yield ("channels",), f"no such channel: {not_one_of(name, names)}"
    owners = owners_of(settings)
    for owner in route.owners:
        if owner not in owners:
            yield ("owners",), f"nobody's owner: {not_one_of(owner, owners)}"
    kinds = {monitor.kind for monitor in settings.monitors} | {"pipeline"}
    for kind in route.kinds:
        if kind not in kinds:
            yield ("kinds",), f"no monitor's kind: {not_one_of(kind, kinds)}"


def _of_alertmanagers(settings: Settings, policy: Policy) -> Iterator[Finding]:
    section = settings.alertmanagers
    for url in section.urls:
        if why := policy.refuse_url(url):
            yield ("urls",), f"the URL {why}"
        elif URL(url).query_string or URL(url).fragment:
            yield ("urls",), f"found {url!r}; allowed: the Alertmanager's address, without ? and #"
    for key in ("resend", "timeout"):
        if getattr(section, f"{key}_ms") <= 0:
            yield (key,), "found 0s; allowed: a longer time"
    for label in section.labels:
        if not LABEL.fullmatch(label):
            yield ("labels", label), "no name of a label; allowed: letters, digits and _"


def _twice(section: str, names: Sequence[str]) -> Iterator[Finding]:
    for name, count in Counter(names).items():
        if count > 1:
            yield (section, name, "name"), f"found {name!r} {count} times; allowed: a name of its own"
