"""One sentence about an alert that a person understands, in English or Chinese.

A monitor's template may use the fields of FIELDS. `{change} {direction} what is usual` reads well also where
no percentage exists: `{change}` is then the word for "far".
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from string import Formatter
from zoneinfo import ZoneInfo

from detectors.alert import GRADE_NAMES, Alert
from detectors.series import OTHER, dimensions_of
from sinks.wording import DIMENSIONS_ZH, WORDS

FIELDS: Mapping[str, str] = {
    "name": "the metric in words",
    "where": "in region east; nothing for the whole shop",
    "actual": "the value",
    "expected": "the value expected",
    "change": "62 %, without sign; `far` where there is no percentage",
    "direction": "above or below",
    "window": "14:05-14:10",
    "since": "14:05",
    "grade": "IV, III, II or I",
    "exposure": "what a ratio is measured on",
    "parts": "cart adds -18 %, payments +9 %: what moved most of a vector",
}


def sentence(template: str, alert: Alert, locale: str, timezone: str) -> str:
    """Return the sentence for one transition. `template`: the monitor's own, or empty for the default.

    Raises ValueError if the template has fields that do not exist.
    """
    words = WORDS[locale]
    fields = _fields(alert, locale, timezone)
    if alert.transition == "resolved":
        return _fill(words["resolved"], fields)
    if alert.transition == "restated" and alert.grade == 0:
        return _fill(words["withdrawn"], fields)
    check_template(template)
    plain = _fill(template or words[_default(alert)], fields)
    if alert.transition == "opened":
        return plain
    return words[alert.transition].format(**fields, sentence=plain)


def check_template(template: str) -> None:
    """Raise ValueError, naming the fields allowed, if the template cannot be filled."""
    allowed = "allowed: " + " ".join(f"{{{name}}}" for name in FIELDS)
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"{error} in the template {template!r}; {allowed}") from error
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in FIELDS:
            raise ValueError(f"unknown field {{{name}}} in the template {template!r}; {allowed}")
        if spec or conversion:
            raise ValueError(f"write {{{name}}} without a format in the template {template!r}; {allowed}")


def subject(alert: Alert, locale: str) -> str:
    """Return what the alert is about: `orders in region east`."""
    gap = "" if locale == "zh-CN" else " "
    return f"{_name(alert.metric)}{gap}{where(alert.entity, locale)}".strip()


def where(entity: str, locale: str) -> str:
    """Return `in region east, channel app`; empty for the whole shop."""
    words = WORDS[locale]
    if entity == OTHER:
        return words["other"]
    dimensions = dimensions_of(entity)
    if not dimensions:
        return words["whole"]
    pairs = (words["pair"].format(dimension(name, locale), value) for name, value in dimensions.items())
    return words["where"].format(words["pairs"].join(pairs))


def dimension(name: str, locale: str) -> str:
    """Return the name of a dimension in words: `payment method`."""
    return DIMENSIONS_ZH.get(name, name) if locale == "zh-CN" else name.replace("_", " ")


def number(value: float, unit: str = "", *, is_share: bool = False) -> str:
    """Return `1,234`, `38.5`, `0.0712`; a share as `87.3 %`; the unit after it."""
    if is_share:
        return f"{_digits(value * 100)} %"
    return f"{_digits(value)} {unit}".strip()


def clock(time_ms: int, timezone: str, locale: str = "en", *, beside_ms: int | None = None) -> str:
    """Return `14:05` local time, with the day if that is another one than the day of `beside_ms`."""
    at = _local(time_ms, timezone)
    if beside_ms is None or _local(beside_ms, timezone).date() == at.date():
        return f"{at:%H:%M}"
    return WORDS[locale]["day"].format(at)


def _fields(alert: Alert, locale: str, timezone: str) -> dict[str, str]:
    words = WORDS[locale]
    start, end = alert.window_start_ms, alert.window_end_ms
    return {
        "name": _name(alert.metric),
        "where": where(alert.entity, locale),
        "actual": _value(alert, alert.actual, words),
        "expected": _value(alert, alert.expected, words),
        "change": words["far"] if alert.change is None else _percent(alert.change),
        "direction": words[_side(alert)],
        "window": f"{clock(start, timezone)}-{clock(end, timezone)}",
        "since": clock(alert.since_ms, timezone, locale, beside_ms=end - 1),
        "grade": GRADE_NAMES[alert.grade],
        "exposure": words["unknown"] if alert.exposure is None else number(alert.exposure),
        "parts": words["pairs"].join(map(_name, alert.evidence[1:])) or words["unknown"],
    }


def _side(alert: Alert) -> str:
    """Return where this window's value lies; the alert's own side may be the other one by now."""
    if alert.change is not None:
        return "down" if alert.change < 0 else "up"
    return alert.direction or "up"


def _default(alert: Alert) -> str:
    if alert.change is not None:
        return "expected"
    return "unexpected" if alert.direction else "strange"


def _value(alert: Alert, value: float | None, words: Mapping[str, str]) -> str:
    if value is None:
        return words["unknown"]
    is_share = alert.exposure is not None and not alert.unit
    return number(value, alert.unit, is_share=is_share)


def _fill(template: str, fields: Mapping[str, str]) -> str:
    text = " ".join(template.format(**fields).split())  # an empty {where} leaves two spaces
    text = text.replace(" ,", ",").replace(" .", ".").replace(" :", ":")
    return text[:1].upper() + text[1:]


def _percent(change: float) -> str:
    return f"{_digits(round(abs(change) * 100, 0 if abs(change) >= 0.1 else 1))} %"


def _digits(value: float) -> str:
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.3g}"


def _name(metric: str) -> str:
    return metric.replace("_", " ")


def _local(time_ms: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, _zone(timezone))


@lru_cache(maxsize=8)
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)
