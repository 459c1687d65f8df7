"""The roster: which entities of one set of dimensions are watched, and the slot of each in every column."""

import heapq
from collections.abc import Sequence

import numpy as np

from detectors.columns import Rows
from detectors.series import OTHER

VACANT = ""  # the name of a slot that was released; the whole shop, which has no name, never is


class Roster:
    """Entities get slots first come, first served; beyond `limit` they share the slot of `other`."""

    def __init__(self, dims: tuple[str, ...], limit: int) -> None:
        self.dims = dims
        self.limit = limit
        self.entities: list[str] = []  # by slot
        self.refused = 0
        self._slots: dict[str, int] = {}
        self._vacant: list[int] = []  # a heap: the same slots are taken next after a restart

    def __len__(self) -> int:
        """Return how many slots there are, vacant ones included."""
        return len(self.entities)

    @property
    def other(self) -> int | None:
        """The slot that those beyond the limit share, once there are any."""
        return self._slots.get(OTHER)

    def slots(self, entities: Sequence[str]) -> Rows:
        """Return the slot of each entity, admitting new ones."""
        slots = list(map(self._slots.get, entities))
        if None in slots:
            slots = [self._admit(e) if (s := self._slots.get(e)) is None else s for e in entities]
        return np.array(slots, np.int64)

    def release(self, slots: Rows) -> None:
        """Let go of the entities in these slots; others may have the slots."""
        for slot in slots.tolist():
            del self._slots[self.entities[slot]]
            self.entities[slot] = VACANT
            heapq.heappush(self._vacant, slot)

    def restore(self, entities: Sequence[str]) -> None:
        """Take stored entities in, in the order of their slots; also more of them than the limit is now."""
        for entity in entities:
            if entity == VACANT and self.dims:
                heapq.heappush(self._vacant, len(self.entities))
            else:
                self._slots[entity] = len(self.entities)
            self.entities.append(entity)

    def _admit(self, entity: str) -> int:
        if len(self._slots) >= self.limit and entity != OTHER:
            self.refused += 1
            return self._slots[OTHER] if OTHER in self._slots else self._admit(OTHER)
        if self._vacant:
            self._slots[entity] = slot = heapq.heappop(self._vacant)
            self.entities[slot] = entity
        else:
            self._slots[entity] = slot = len(self.entities)
            self.entities.append(entity)
        return slot
