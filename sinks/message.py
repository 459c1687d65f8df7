"""A message to people: the same parts for every channel, which sets them in its own way."""

import hashlib
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import NamedTuple
from urllib.parse import quote

from detectors.alert import COLOURS, GRADE_NAMES
from sinks.notification import Impact, Notification, Turn
from sinks.sentence import clock, number
from sinks.wording import MESSAGE

LISTED_MAX = 20  # incidents of a digest
AFFECTED_MAX = 5
LINE_MAX = 600  # characters of one part: a message is read on a phone
_SETTLED: frozenset[Turn] = frozenset({"resolved", "acknowledged"})

# A message's colours where a medium takes any: dark enough to be read on white.
HEX: Mapping[str, str] = {
    "red": "#d4380d",
    "orange": "#fa8c16",
    "yellow": "#d4b106",
    "blue": "#1677ff",
    "green": "#389e0d",
}


class Line(NamedTuple):
    """A labelled part; a label may be empty."""

    label: str
    text: str


class Link(NamedTuple):
    """Where to look further."""

    text: str
    url: str


class Message(NamedTuple):
    """Plain texts without mark-up or line breaks: each channel escapes them as it needs.

    key     the same for the same message on every attempt
    colour  blue, yellow, orange, red; green: resolved
    """

    key: str
    thread: str
    colour: str
    title: str
    text: str
    lines: tuple[Line, ...] = ()
    links: tuple[Link, ...] = ()


class Desk(NamedTuple):
    """How messages are written. links: text -> URL with fields of LINK_FIELDS."""

    locale: str
    timezone: str
    links: Mapping[str, str] = {}


LINK_FIELDS: Mapping[str, str] = {
    "incident_id": "of the incident",
    "kind": "what goes wrong",
    "owner": "who has it",
    "monitor": "of the worst alert",
    "grade": "1 (IV) to 4 (I)",
    "since": "epoch ms",
    "end": "end of the window judged, epoch ms",
}


def compose(notification: Notification, desk: Desk) -> Message:
    """Return the message about one notification."""
    words = MESSAGE[desk.locale]
    return Message(
        key=notification.idempotency_key,
        thread=notification.incident_id,
        colour=_colour(notification),
        title=_title(notification, words),
        text=_plain(notification.text),
        lines=tuple(_lines(notification, desk)),
        links=tuple(_links(notification, desk)),
    )


def digest(notifications: Sequence[Notification], collapsed: int, desk: Desk) -> Message:
    """Return one message about many, in the order of the log: the newest of each incident, worst first.

    collapsed: how many older ones are not among them any more.
    """
    words = MESSAGE[desk.locale]
    newest = {each.incident_id: each for each in notifications}
    ranked = sorted(newest.values(), key=lambda each: (-each.grade, -each.peak_grade, each.since))
    lines = [Line(_title(each, words), _plain(each.text)) for each in ranked[:LISTED_MAX]]
    if len(ranked) > LISTED_MAX:
        lines.append(Line("", words["digest_more"].format(len(ranked) - LISTED_MAX)))
    if collapsed:
        lines.append(Line("", words["collapsed"].format(collapsed)))
    keys = "\n".join(each.idempotency_key for each in notifications)
    changes = words["digest"].format(len(notifications) + collapsed, len(newest))
    return Message(
        key=hashlib.sha256(keys.encode()).hexdigest()[:32],
        thread="",
        colour=_colour(ranked[0]),
        title=f"[{GRADE_NAMES[ranked[0].grade]}] {changes}" if ranked[0].grade else changes,
        text="",
        lines=tuple(lines),
        links=tuple(_links(ranked[0], desk)),
    )


def check_link(template: str) -> None:
    """Raise ValueError, naming the fields allowed, if a link cannot be filled."""
    allowed = "allowed: " + " ".join(f"{{{name}}}" for name in LINK_FIELDS)
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{error} in {template!r}; {allowed}") from error
    for _, name, spec, conversion in parts:
        if name is not None and (name not in LINK_FIELDS or spec or conversion):
            raise ValueError(f"unknown field {{{name}}} in {template!r}; {allowed}")


def _title(notification: Notification, words: Mapping[str, str]) -> str:
    grade = notification.grade or notification.peak_grade
    return words["title"].format(
        grade=GRADE_NAMES[grade],
        colour=words[_colour(notification)],
        turn=words[notification.transition],
        title=_plain(notification.title),
    )


def _colour(notification: Notification) -> str:
    return COLOURS[notification.grade] or "green"


def _lines(notification: Notification, desk: Desk) -> list[Line]:
    words = MESSAGE[desk.locale]
    since = clock(notification.since, desk.timezone, desk.locale, beside_ms=notification.window.end - 1)
    lasted = span((notification.window.end - notification.since) / 1000, desk.locale)
    lines = [Line(words["since"], words["since_text"].format(since, lasted))]
    if notification.impact is not None:
        lines.append(Line(words["money"], money(notification.impact, desk.locale)))
    lines.append(Line(words["owner"], _owner(notification, desk.locale)))
    if notification.transition not in _SETTLED:
        lines += [Line(words["action"], _plain(notification.action))] if notification.action else []
        lines.append(Line(words["ack"], f"fenghuo ack {notification.incident_id[:12]} --by"))
    if notification.alerts_total > 1:
        lines.append(Line(words["alerts"], _affected(notification, words)))
    return lines


def _owner(notification: Notification, locale: str) -> str:
    words = MESSAGE[locale]
    if notification.transition in _SETTLED or not notification.respond_within_s:
        return notification.owner
    if notification.acknowledged_by:
        return f"{notification.owner} ({words['acknowledged']}: {notification.acknowledged_by})"
    return words["owner_text"].format(notification.owner, span(notification.respond_within_s, locale))


def _affected(notification: Notification, words: Mapping[str, str]) -> str:
    named = [_plain(member.series) for member in notification.alerts[:AFFECTED_MAX]]
    more = notification.alerts_total - len(named)
    return ", ".join(named) + (f" {words['more'].format(more)}" if more > 0 else "")


def _links(notification: Notification, desk: Desk) -> list[Link]:
    fields = {
        "incident_id": notification.incident_id,
        "kind": notification.kind,
        "owner": notification.owner,
        "monitor": notification.alerts[0].monitor if notification.alerts else "",
        "grade": str(notification.grade or notification.peak_grade),
        "since": str(notification.since),
        "end": str(notification.window.end),
    }
    quoted = {name: quote(value, safe="") for name, value in fields.items()}
    links = [Link(text, url.format_map(quoted)) for text, url in desk.links.items()]
    if notification.runbook_url.startswith("https://"):
        links.append(Link(MESSAGE[desk.locale]["runbook"], notification.runbook_url))
    return links


def money(impact: Impact, locale: str) -> str:
    """Return `about 12,300 CNY so far, 490 CNY a minute`."""
    words = MESSAGE[locale]
    amounts = (number(abs(value), impact.currency) for value in (impact.amount, impact.per_minute))
    return words["money_text" if impact.amount >= 0 else "money_gain"].format(*amounts)


def span(seconds: float, locale: str) -> str:
    """Return `25 min`, `4 h`, `2 d`: the greatest unit that leaves nothing important out."""
    words = MESSAGE[locale]
    minutes = max(1, round(seconds / 60))
    if minutes < 120:
        return words["minute"].format(minutes)
    if minutes < 48 * 60:
        return words["hour"].format(f"{minutes / 60:.3g}")
    return words["day"].format(f"{minutes / 1440:.3g}")


def _plain(text: str) -> str:
    """Return the text as one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= LINE_MAX else line[: LINE_MAX - 1] + "…"
