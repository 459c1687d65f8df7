"""The sample budget of /metrics: what is shown when there are more series than it allows."""

from collections.abc import Iterable
from typing import NamedTuple

from detectors.series import WHOLE_SHOP
from sinks.metrics import SERIES_FAMILIES, Sample

_GRADE = "fenghuo_alert_grade"
_DROPPED = "fenghuo_samples_dropped"
_ALERTED, _SHOP_WIDE, _REST = range(3)

SeriesKey = tuple[str, ...]  # monitor, metric, entity


class _Split(NamedTuple):
    """Samples by what the budget does with them; dropped: how many were left out before."""

    free: list[Sample]
    grades: list[Sample]
    series: dict[SeriesKey, list[Sample]]
    dropped: float


def within_budget(samples: Iterable[Sample], budget: int) -> list[Sample]:
    """Return the samples to show, and how many were left out.

    Grades of open alerts come first, then the series they are about, then the whole shop, then the rest in
    the order given. A series is shown with all its samples or not at all. Families that are not kept per
    series are few and always shown.
    """
    split = _split(samples)
    alerted = {grade.labels[:3] for grade in split.grades}
    kept = split.grades[:budget]
    room = budget - len(kept)
    for key in sorted(split.series, key=lambda key: _rank(key, alerted)):
        group = split.series[key]
        if len(group) > room:
            break
        kept += group
        room -= len(group)
    wanted = len(split.grades) + sum(map(len, split.series.values()))
    return [*split.free, *kept, Sample(_DROPPED, (), wanted - len(kept) + split.dropped)]


def _split(samples: Iterable[Sample]) -> _Split:
    free: list[Sample] = []
    grades: list[Sample] = []
    series: dict[SeriesKey, list[Sample]] = {}
    dropped = 0.0
    for sample in samples:
        if sample.name in SERIES_FAMILIES:
            series.setdefault(sample.labels[:3], []).append(sample)
        elif sample.name == _GRADE:
            grades.append(sample)
        elif sample.name == _DROPPED:
            dropped += sample.value
        else:
            free.append(sample)
    return _Split(free, grades, series, dropped)


def _rank(key: SeriesKey, alerted: set[SeriesKey]) -> int:
    if key in alerted:
        return _ALERTED
    return _SHOP_WIDE if key[2] == WHOLE_SHOP else _REST
