"""The showcase: what /metrics shows of detect, values and bands of the last window of every series."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from detectors.columns import Rows
from detectors.phase import PHASES
from sinks.metrics import Sample
from streams.detect.assembly import Assembly
from streams.detect.pulse import Seen
from streams.detect.watch import Watch
from streams.plan import CATEGORY

_FAMILIES = ("fenghuo_value", "fenghuo_expected", "fenghuo_lower", "fenghuo_upper", "fenghuo_score")
_ALERTED, _SHOP_WIDE, _REST, _NEVER = range(4)


class Showcase:
    """Keeps references to the last verdicts; samples of series are made only when somebody asks."""

    def __init__(self, partition: int) -> None:
        self._partition = str(partition)
        self._last: dict[Watch, Seen] = {}
        self.windows: Counter[str] = Counter()
        self.restated: Counter[str] = Counter()
        self.late: Counter[str] = Counter()
        self.evicted: Counter[str] = Counter()  # by monitor

    def judged(self, seen: Seen) -> None:
        """Remember what a window showed."""
        self.windows[seen.watch.subject.monitor.name] += 1
        self.show(seen)

    def show(self, seen: Seen) -> None:
        """Show this window from now on, counted already."""
        self._last[seen.watch] = seen

    def show_again(self, kept: Mapping[tuple[Watch, int], Seen]) -> None:
        """Show the last verdicts kept, by watch and window end: series of them have been let go."""
        for watch, _ in kept:
            self._last.pop(watch, None)
        for (_, _), seen in sorted(kept.items(), key=lambda item: item[0][1]):
            self.show(seen)

    def restating(self, seen: Seen) -> None:
        """Count a closed window told anew. What it shows now is in the verdict remembered already."""
        self.restated[seen.watch.subject.monitor.name] += 1

    def too_late(self, topic: str, cells: int) -> None:
        """Count cells of windows that can no longer be restated."""
        self.late[topic] += cells

    def series(self, limit: int) -> Iterator[Sample]:
        """Yield the last window of up to `limit / 5` series, and how many samples were left out.

        Open alerts come first, then the whole shop, then the rest; of a monitor with several window sizes
        only the level that speaks is shown. Only reads: called by other threads.
        """
        left, dropped = limit // len(_FAMILIES), 0
        ranked = [(seen, _ranks(seen)) for seen in list(self._last.values())]
        for rank in range(_REST + 1):
            for seen, ranks in ranked:
                entries = np.flatnonzero(ranks == rank)
                yield from _bands(seen, entries[:left])
                dropped += (len(entries) - len(entries[:left])) * len(_FAMILIES)
                left -= len(entries[:left])
        yield Sample("fenghuo_samples_dropped", (), float(dropped))

    def samples(self, parts: Assembly) -> Iterator[Sample]:
        """Yield the counters."""
        series: Counter[str] = Counter()
        states: Counter[tuple[str, str]] = Counter()
        for watch in parts.watches.values():
            name, rows = watch.subject.monitor.name, watch.rows[watch.rows >= 0]
            series[name] += len(rows)
            known = np.bincount(watch.bank.members["phase"][rows], minlength=len(PHASES))
            states.update({(name, state): n for state, n in zip(PHASES, known.tolist(), strict=True)})
        for (name, state), n in states.items():
            yield Sample("fenghuo_series_state", (name, self._partition, state), float(n))
        for name, counts in (
            ("fenghuo_series", series),
            ("fenghuo_windows_total", self.windows),
            ("fenghuo_restatements_total", self.restated),
            ("fenghuo_too_late_total", self.late),
            ("fenghuo_series_evicted_total", self.evicted),
        ):
            yield from (Sample(name, (key, self._partition), float(n)) for key, n in counts.items())
        over = Counter({",".join(dims): roster.refused for dims, roster in parts.rosters.items()})
        for pools in parts.pools:
            over[f"{CATEGORY} of {','.join(pools.subject.dims)}"] += pools.roster.refused
        for who, refused in over.items():
            yield Sample("fenghuo_series_over_limit_total", (who, self._partition), float(refused))


def _ranks(seen: Seen) -> NDArray[np.int8]:
    """Return how soon each entry of a verdict is shown; `_NEVER` if it is not."""
    speaking = seen.watch.bank.speaking(seen.verdict.rows)
    rest = _REST if seen.watch.subject.dims else _SHOP_WIDE
    return np.where(speaking, np.where(seen.verdict.grade > 0, _ALERTED, rest), _NEVER).astype(np.int8)


def _bands(seen: Seen, entries: Rows) -> Iterator[Sample]:
    verdict = seen.verdict
    labels = _labels(seen.watch, seen.slots[entries])
    columns = (verdict.values, *verdict.judgement[2:], verdict.score)
    for family, column in zip(_FAMILIES, columns, strict=True):
        shown = column[entries]
        for at in np.flatnonzero(np.isfinite(shown)).tolist():
            yield Sample(family, labels[at], float(shown[at]))


def _labels(watch: Watch, slots: Rows) -> list[tuple[str, str, str]]:
    monitor, entities = watch.subject.monitor, watch.roster.entities
    return [(monitor.name, monitor.metric, entities[slot]) for slot in slots.tolist()]
