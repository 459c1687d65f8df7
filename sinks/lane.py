"""A lane: what waits for one channel, in the order of the log, in bounded space."""

from typing import NamedTuple

from sinks.channels.channel import Parcel
from sinks.message import Desk, compose, digest
from sinks.notification import Notification


class Item(NamedTuple):
    """A notification, its offset in the log, and when it was appended there (epoch ms)."""

    offset: int
    appended_ms: int
    notification: Notification


class Load(NamedTuple):
    """A parcel, and the offset after the last notification it stands for: settled when it is."""

    parcel: Parcel
    end: int


class Lane:
    """Queue of one channel.

    One notification is one parcel; from `digest_from` waiting on (None: never), all are one digest. Beyond
    `room` the older ones of each incident are left out, then the mildest: a digest says how many.
    """

    def __init__(self, desk: Desk, room: int, digest_from: int | None, position: int) -> None:
        self._desk = desk
        self._room = room
        self._digest_from = digest_from
        self._items: list[Item] = []
        self._collapsed = 0
        self._seen = position  # the offset after the last notification looked at
        self._start = position  # what is before it is settled

    def __len__(self) -> int:
        return len(self._items) + self._collapsed

    @property
    def position(self) -> int:
        """The offset to go on from after a restart: what is before it is settled for this channel."""
        return self._start if len(self) else self._seen

    def put(self, item: Item) -> None:
        """Take a notification for this channel; one before the position is settled already."""
        if item.offset < self._seen:
            return
        self._start = self.position
        self._seen = item.offset + 1
        self._items.append(item)
        if len(self._items) > self._room:
            self._collapse()

    def skip(self, offset: int) -> None:
        """Pass a record that is not for this channel."""
        self._seen = max(self._seen, offset + 1)

    def expire(self, before_ms: int) -> int:
        """Leave out what was appended before then, and return how many."""
        waiting = len(self)
        self._keep([item for item in self._items if item.appended_ms >= before_ms])
        return waiting - len(self)

    def oldest_ms(self) -> int | None:
        """Return when the oldest that waits was appended; None if none waits."""
        return self._items[0].appended_ms if self._items else None

    def load(self) -> Load | None:
        """Return what to deliver next; None if nothing waits. It waits until it is settled."""
        if not self._items:
            return None
        notifications = [item.notification for item in self._items]
        end = self._items[-1].offset + 1
        wanted = self._digest_from is not None and len(self) >= self._digest_from
        if wanted or self._collapsed:
            message = digest(notifications, self._collapsed, self._desk)
            return Load(Parcel(message, notifications, self._collapsed), end)
        first = self._items[0]
        return Load(Parcel(compose(first.notification, self._desk), [first.notification]), first.offset + 1)

    def settle(self, load: Load) -> None:
        """Note that a load was delivered or given up; what came since still waits."""
        self._collapsed = max(0, self._collapsed - load.parcel.collapsed)
        self._keep([item for item in self._items if item.offset >= load.end])
        self._start = load.end

    def _keep(self, items: list[Item]) -> None:
        self._items = items
        if not items:  # what was left out was older than all of them
            self._collapsed = 0

    def _collapse(self) -> None:
        newest = {item.notification.incident_id: item.offset for item in self._items}
        kept = [item for item in self._items if newest[item.notification.incident_id] == item.offset]
        if len(kept) > self._room // 2:  # by half, so that this is not done for every further one
            ranked = sorted(kept, key=lambda item: (-item.notification.peak_grade, -item.offset))
            kept = sorted(ranked[: max(1, self._room // 2)])
        self._collapsed += len(self._items) - len(kept)
        self._items = kept
