"""The headline of an incident: what its alerts are about, in a few words."""

from collections.abc import Mapping, Sequence

from detectors.alert import Alert
from detectors.series import dimensions_of
from sinks.sentence import dimension, subject

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "parts": "{name} in {parts}",
        "of": " of {0}",
        "with": "{0}, with {1}",
        "affected": " Affected: {0}.",
    },
    "zh-CN": {
        "parts": "{name}（{parts}）",
        "of": "，{0}",
        "with": "{0}，同时 {1}",
        "affected": "涉及：{0}。",
    },
}
_NAMED_MAX = 4  # other metrics named


def headline(lead: Alert, alerts: Sequence[Alert], locale: str) -> str:
    """Return `orders in 3 regions, with revenue`: the lead's series, its siblings counted, other metrics."""
    head = _head(lead, alerts, locale)
    others = sorted({alert.metric for alert in alerts} - {lead.metric})
    if not others:
        return head
    named = ", ".join(metric.replace("_", " ") for metric in others[:_NAMED_MAX])
    more = len(others) - _NAMED_MAX
    return _WORDS[locale]["with"].format(head, f"{named} +{more}" if more > 0 else named)


def affected(headline_text: str, locale: str) -> str:
    """Return the sentence that adds the headline to a text about the lead."""
    return _WORDS[locale]["affected"].format(headline_text)


def _head(lead: Alert, alerts: Sequence[Alert], locale: str) -> str:
    own = dimensions_of(lead.entity)
    siblings = [
        dimensions
        for entity in {alert.entity for alert in alerts if alert.metric == lead.metric}
        if (dimensions := dimensions_of(entity)).keys() == own.keys()
    ]
    if not own or len(siblings) < 2:
        return subject(lead, locale)
    shared = {name: value for name, value in own.items() if all(s[name] == value for s in siblings)}
    varied = [name for name in own if name not in shared]
    parts = _count(len(siblings), varied, locale)
    if shared:
        named = ", ".join(f"{dimension(name, locale)} {value}" for name, value in shared.items())
        parts += _WORDS[locale]["of"].format(named)
    return _WORDS[locale]["parts"].format(name=lead.metric.replace("_", " "), parts=parts)


def _count(n: int, varied: Sequence[str], locale: str) -> str:
    names = [dimension(name, locale) for name in varied]
    if locale == "zh-CN":
        return f"{n} 个{'/'.join(names)}"
    if len(names) > 1:
        return f"{n} combinations of {' and '.join(names)}"
    name = names[0]
    return f"{n} {name[:-1] + 'ies' if name.endswith('y') else name + 's'}"
