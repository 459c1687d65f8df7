"""What is said of an incident: the sentence of the alert that leads, and what else people must know."""

from dataclasses import replace

from detectors.alert import Alert, Change
from sinks.headline import affected
from sinks.notification import Turn
from sinks.sentence import check_template, sentence
from sinks.wording import WORDS
from streams.notify.incident import Incident
from streams.settings.model import Monitor, Settings

_SPOKEN: dict[Turn, Change] = {
    "opened": "opened",
    "updated": "opened",
    "escalated": "escalated",
    "downgraded": "downgraded",
    "acknowledged": "opened",
    "overdue": "opened",
    "reminded": "opened",
}
_FRAMES: dict[Turn, str] = {"acknowledged": "acknowledged_by", "overdue": "overdue", "reminded": "reminded"}


class Phrases:
    """Knows the monitors' own templates. Raises ValueError if one cannot be filled."""

    def __init__(self, settings: Settings) -> None:
        self._locale = settings.locale
        self._timezone = settings.time.timezone
        self._templates = {monitor.name: _template(monitor, settings.locale) for monitor in settings.monitors}

    def text(self, lead: Alert, turn: Turn, title: str, incident: Incident, before: str) -> str:
        """Return the text of a notification.

        title: of the incident, if it says more than the lead; before: who had the incident until now.
        """
        text = self._sentence(lead, turn)
        if title:
            text += affected(title, self._locale)
        if turn not in _FRAMES:
            return text
        frame = WORDS[self._locale][_FRAMES[turn]]
        return frame.format(by=incident.acknowledged_by, before=before, owner=incident.owner, sentence=text)

    def _sentence(self, lead: Alert, turn: Turn) -> str:
        if lead.verdict == "pipeline" or lead.monitor not in self._templates:
            return lead.text  # written by who found it
        spoken = replace(lead, transition=_SPOKEN.get(turn, lead.transition))
        return sentence(self._templates[lead.monitor], spoken, self._locale, self._timezone)


def _template(monitor: Monitor, locale: str) -> str:
    template = monitor.text.zh if locale == "zh-CN" else monitor.text.en
    check_template(template)
    return template
