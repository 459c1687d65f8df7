"""The coordinator of a consumer group: eager, as Faust asks for it: a change takes all partitions away."""

from collections.abc import Callable, Sequence

from aiokafka import TopicPartition

SESSION_S = 3.0


class Group:
    """Gives every partition to one member, as far as it knows: a member it has given up may not know yet."""

    def __init__(self, partitions: Sequence[TopicPartition], now_s: Callable[[], float]) -> None:
        self._partitions = partitions
        self._now_s = now_s
        self._seen_s: dict[str, float] = {}  # of each member
        self._joined: set[str] = set()  # members that wait for the next assignment
        self._assigned: dict[str, Sequence[TopicPartition]] = {}

    def join(self, member: str) -> Sequence[TopicPartition] | None:
        """Return what is assigned; None while others have still to give up theirs: ask again."""
        new = member not in self._seen_s
        self._look(member)
        if new:
            self._assigned = {}
        if not self._assigned:
            self._joined.add(member)
            self._assign_if_complete()
        return self._assigned.get(member)

    def heartbeat(self, member: str) -> bool:
        """Return whether the member may keep what it was assigned; if not it has to give it up and join."""
        if member not in self._seen_s:
            return False
        self._look(member)
        return member in self._assigned

    def leave(self, member: str) -> None:
        """Take a member out."""
        if self._seen_s.pop(member, None) is not None:
            self._assigned = {}
            self._joined.discard(member)
            self._assign_if_complete()

    def forget(self) -> None:
        """Lose all members: the broker started anew."""
        self._seen_s.clear()
        self._joined.clear()
        self._assigned = {}

    def _look(self, member: str) -> None:
        now_s = self._now_s()
        self._seen_s[member] = now_s
        for name, seen_s in list(self._seen_s.items()):
            if now_s - seen_s > SESSION_S:
                self.leave(name)

    def _assign_if_complete(self) -> None:
        members = sorted(self._seen_s)
        if members and self._joined >= set(members):
            self._assigned = {name: self._partitions[i :: len(members)] for i, name in enumerate(members)}
            self._joined = set()
