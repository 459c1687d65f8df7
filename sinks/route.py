"""Routing: which channels are told of a notification."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from detectors.alert import GRADE_NAMES
from sinks.notification import Notification, Turn

_PERSONAL: frozenset[Turn] = frozenset({"overdue", "reminded"})  # for who has it now, not for who had it


class Route(NamedTuple):
    """Takes a notification if all three fit; an empty one takes all. grades: names, `I` to `IV`."""

    channels: Sequence[str]
    grades: Collection[str] = ()
    owners: Collection[str] = ()
    kinds: Collection[str] = ()

    def takes(self, notification: Notification) -> bool:
        """Whether the notification goes this way.

        The grade is the worst the incident had, and the owners are all who were told: whoever heard of the
        beginning hears of the end.
        """
        if self.grades and GRADE_NAMES[notification.peak_grade] not in self.grades:
            return False
        if self.kinds and notification.kind not in self.kinds:
            return False
        return not self.owners or not _told(notification).isdisjoint(self.owners)


def channels_for(notification: Notification, routes: Sequence[Route], channels: Sequence[str]) -> list[str]:
    """Return the names of those told, of `channels`, in their order. No routes: all."""
    if not routes:
        return list(channels)
    wanted = {name for route in routes if route.takes(notification) for name in route.channels}
    return [name for name in channels if name in wanted]


def _told(notification: Notification) -> set[str]:
    if notification.transition in _PERSONAL:
        return {notification.owner}
    return {notification.owner, *notification.owners}
