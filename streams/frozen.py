"""A frozen state: that of one moment, whose blocks are encoded one by one, whenever they are asked for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, overload


class Block(NamedTuple):
    """One block, not encoded yet.

    name  of a lasting block: one that the next states will most likely have as well, with the same content,
          so that it need not be written again; empty for all others
    """

    encode: Callable[[], bytes]
    name: str = ""


class Frozen(Sequence[bytes]):
    """The blocks of a state. Indexing encodes; `drain` lets go of each block, and of what it holds."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = deque(blocks)

    def __len__(self) -> int:
        return len(self._blocks)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self._blocks[one].encode() for one in range(len(self._blocks))[at]]
        return self._blocks[at].encode()

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # compared by content

    def drain(self) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content) of each block, encoded when its turn has come. Afterwards nothing is left."""
        while self._blocks:
            block = self._blocks.popleft()
            yield block.name, block.encode()


def drained(blocks: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the blocks of any state; those of a plain sequence have no names."""
    if isinstance(blocks, Frozen):
        return blocks.drain()
    return (("", block) for block in blocks)
