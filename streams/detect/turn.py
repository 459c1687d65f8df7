"""Turns: in which order pulses close their windows."""

import heapq
from collections.abc import Callable, Iterator, Sequence

from streams.detect.pulse import Pulse


def turns(pulses: Sequence[Pulse], end_of: Callable[[Pulse], int | None]) -> Iterator[list[Pulse]]:
    """Yield pulses whose next windows are to be closed, those that end together, the earliest end first.

    end_of: the end of a pulse's next window if it is to be closed, in ms; asked again after each turn.
    """
    ready = [(end, i) for i, pulse in enumerate(pulses) if (end := end_of(pulse))]
    heapq.heapify(ready)
    while ready:
        first = ready[0][0]
        together = []
        while ready and ready[0][0] == first:
            together.append(heapq.heappop(ready)[1])
        yield [pulses[i] for i in together]
        for i in together:
            if following := end_of(pulses[i]):
                heapq.heappush(ready, (following, i))
