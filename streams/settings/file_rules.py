"""Rules of the sections at the top of the file: time, topics, Kafka, limits, currency, fields."""

import re
import zoneinfo
from collections.abc import Iterator

import msgspec

from streams.settings.duration import UNITS_MS
from streams.settings.fault import not_one_of
from streams.settings.metric_rules import Finding
from streams.settings.model import Section, Settings
from streams.settings.vocabulary import fields_of

MAY_BE_ZERO = frozenset({"lateness_ms", "restate_within_ms"})
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,240}", re.ASCII)  # Kafka takes 249; `.late` and `.dlq` need room
PORT_MAX = 65_535


def file_findings(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with the sections."""
    for key in ("time", "kafka", "limits"):
        yield from (((key, *path), said) for path, said in _positive_findings(getattr(settings, key)))
    yield from _time_findings(settings)
    yield from _topic_findings(settings)
    yield from _number_findings(settings)
    yield from _field_findings(settings)


def _positive_findings(section: Section) -> Iterator[Finding]:
    for field in msgspec.structs.fields(section):
        value = getattr(section, field.name)
        if isinstance(value, bool) or not isinstance(value, int | float) or field.name in MAY_BE_ZERO:
            continue
        if value <= 0:
            yield (field.encode_name,), f"found {value:g}; allowed: more than 0"


def _time_findings(settings: Settings) -> Iterator[Finding]:
    pane_ms = settings.time.pane_ms
    if pane_ms > 0 and UNITS_MS["d"] % pane_ms:
        yield ("time", "pane"), "does not divide a day; allowed: 1m, 5m, 30s and the like"
    try:
        zoneinfo.ZoneInfo(settings.time.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        said = not_one_of(settings.time.timezone, zoneinfo.available_timezones()).split("; allowed")[0]
        yield ("time", "timezone"), f"{said}; allowed: names of the tz database, like UTC, Asia/Shanghai"


def _topic_findings(settings: Settings) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for key, name in msgspec.structs.asdict(settings.topics).items():
        if not TOPIC.fullmatch(name) or name in (".", ".."):
            yield ("topics", key), f"found {name!r}; allowed: up to 240 letters, digits, dots, _ and -"
        elif name in seen:
            yield (
                ("topics", key),
                f"found {name!r}, which is topics.{seen[name]} too; allowed: a name of its own",
            )
        seen.setdefault(name, key)


def _number_findings(settings: Settings) -> Iterator[Finding]:
    if not 0 < settings.fuse.ratio <= 1:
        yield ("fuse", "ratio"), f"found {settings.fuse.ratio:g}; allowed: above 0, up to 1"
    if settings.fuse.volume < 1:
        yield ("fuse", "volume"), f"found {settings.fuse.volume}; allowed: 1 or more records"
    if not 0 <= settings.server.port <= PORT_MAX:
        yield ("server", "port"), f"found {settings.server.port}; allowed: 0 (any free one) to {PORT_MAX}"
    for code, rate in settings.currency.rates.items() if settings.currency else ():
        if rate <= 0:
            yield ("currency", "rates", code), f"found {rate:g}; allowed: more than 0"


def _field_findings(settings: Settings) -> Iterator[Finding]:
    for kind, names in settings.fields.items():
        known = fields_of(kind)
        for name in names:
            if name not in known:
                yield ("fields", kind, name), f"not one of our fields: {not_one_of(name, known)}"
