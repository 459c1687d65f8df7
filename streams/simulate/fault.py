"""A fault: something that goes wrong in the simulated shop for a while, and the truth about it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.failure import USAGE, Failure
from streams.settings.model import EventKind
from streams.simulate.order import Orders
from streams.simulate.session import Sessions
from streams.simulate.shop import Shop

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
SHOWN_MAX = 8  # names in an error message


class Scene(NamedTuple):
    """What a fault acts on: the orders one chunk's visitors are about to make; `rng` is the fault's own."""

    shop: Shop
    sessions: Sessions
    orders: Orders
    rng: np.random.Generator


@dataclass(frozen=True)
class Fault(ABC):
    """Something wrong in [start_ms, end_ms), epoch ms of event time.

    kind       its name on the command line
    Raises Failure if an argument is out of bounds.
    """

    kind: ClassVar[str]

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if self.end_ms <= self.start_ms:
            raise Failure(f"fault {self.kind}: it ends before it starts; give a duration over 0", USAGE)

    def apply(self, scene: Scene) -> None:  # noqa: B027 (a fault may change nothing but what arrives)
        """Change the orders of a chunk in place: `lost`, `declined`, `unit_price`."""

    def swallows(self, kind: EventKind, arrival_ms: Ints) -> Flags:  # noqa: ARG002 (most faults swallow nothing)
        """Return which records never reach the bus."""
        return np.zeros(len(arrival_ms), dtype=np.bool_)

    def within(self, times_ms: Ints) -> Flags:
        """Return which times lie in the fault."""
        return (times_ms >= self.start_ms) & (times_ms < self.end_ms)

    def check(self, shop: Shop) -> None:  # noqa: B027 (most faults hit the whole shop)
        """Raise Failure if the shop has no such part."""

    @property
    @abstractmethod
    def metrics(self) -> tuple[str, ...]:
        """Return where it is seen first, by the names of the shipped catalogue."""

    @property
    def direction(self) -> str:
        """Return which way these metrics go: up or down."""
        return "down"

    @property
    def dimensions(self) -> dict[str, str]:
        """Return the part of the shop that is hit; empty: all of it."""
        return {}

    @property
    @abstractmethod
    def story(self) -> str:
        """Return one sentence on what happens."""

    def _check_share(self, share: float) -> None:
        if not 0 < share <= 1:
            raise Failure(f"fault {self.kind}: share is {share:g}; give a number over 0, at most 1", USAGE)

    def _check_known(self, name: str, value: str, known: list[str]) -> None:
        if value not in known:
            shown = ", ".join(known[:SHOWN_MAX]) + (", ..." if len(known) > SHOWN_MAX else "")
            raise Failure(f"fault {self.kind}: no {name} {value!r}; there are {shown}", USAGE)
