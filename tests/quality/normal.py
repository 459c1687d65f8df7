"""Gate f: how often each grade is raised on series without incidents."""

from detectors.grading import CUTS
from detectors.table import Kind
from tests.quality.figures import Result, Row
from tests.quality.gate import Case, alarms_per_1000_days
from tests.quality.made_up import BURN_IN_DAYS, DAY, EXPOSURES, MEANS, count, ratio, value
from tests.quality.sample import Sample, cases_of, seasonal

SEED = 9  # never tuned on
DAYS = BURN_IN_DAYS + 30
EACH_COUNT, EACH_RATIO, VALUES = 120, 60, 160  # 1000 series
GRADES = ("IV", "III", "II", "I")
PROMISE = (10.0, 3.0, 1.0, 0.2)  # alarms of these grades or worse per 1000 series-days
CLEAN_FACTOR = 2.0


def gate() -> Result:
    """Judge clean series for a month."""
    by_kind = {kind: cases_of(samples, seasonal) for kind, samples in _samples().items()}
    rates = {kind: rates_of(cases, kind) for kind, cases in by_kind.items()}
    series = {kind: len(cases) for kind, cases in by_kind.items()}
    clean = [sum(rates[k][i] * series[k] for k in rates) / sum(series.values()) for i in range(4)]
    figures = {"clean": clean, "clean_by_kind": rates}
    details = [f"   clean {k}: " + "  ".join(f"{rate:.2f}" for rate in rates[k]) for k in rates]
    return Result(rows_of("clean series", clean, CLEAN_FACTOR), {"normal": figures}, details)


def rates_of(cases: list[Case], kind: Kind) -> list[float]:
    """Return alarms per 1000 series-days of normal time at the grades IV, III, II, I."""
    return [alarms_per_1000_days(cases, cut, DAY) for cut in CUTS[kind]]


def rows_of(name: str, rates: list[float], factor: float) -> list[Row]:
    """Put rates beside the promise."""
    return [
        Row("f", f"{name}, grade {grade} per 1000 series-days", rate, factor * promise, at_least=False)
        for grade, rate, promise in zip(GRADES, rates, PROMISE, strict=True)
    ]


def _samples() -> dict[Kind, list[Sample]]:
    return {
        "count": [count(m, (SEED, i), DAYS, incidents=False) for m in MEANS for i in range(EACH_COUNT)],
        "ratio": [ratio(e, (SEED, i), DAYS, incidents=False) for e in EXPOSURES for i in range(EACH_RATIO)],
        "value": [value((SEED, i), DAYS) for i in range(VALUES)],
    }
