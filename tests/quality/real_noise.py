"""Gates b and f on real noise: KPIs summed to counts, with injected incidents and without them.

Thresholds come from the tuning files and their injection seeds; the test files have others.
"""

from tests.quality.figures import Result, Row
from tests.quality.gate import Case, Outcome, outcome_at, threshold_at
from tests.quality.normal import rates_of, rows_of
from tests.quality.recording import TEST, TUNING, counts, read
from tests.quality.rivals import rivals_at
from tests.quality.sample import Sample, cases_of, seasonal

TUNING_SEEDS, TEST_SEEDS = (1, 2, 3), (11, 12, 13)
RATES = (0.3, 0.1)  # false alarms per 1000 normal points
RECALL = {0.3: 0.85, 0.1: 0.72}
REAL_FACTOR = 3.0  # times the promise that real recordings may have


def samples_of(names: tuple[str, ...], seeds: tuple[int | None, ...]) -> list[Sample]:
    """Return each file with incidents of each seed; None: without any."""
    recordings = [read(name) for name in names]
    return [counts(recording, seed) for seed in seeds for recording in recordings]


def gate() -> Result:
    """Set thresholds on the tuning files, judge the test files, and all of them without incidents."""
    groups = [
        samples_of(TUNING, TUNING_SEEDS),
        samples_of(TEST, TEST_SEEDS),
        samples_of(TUNING, (None,)),
        samples_of(TEST, (None,)),
    ]
    cases = cases_of([sample for group in groups for sample in group], seasonal)
    tuning, test, bare_tuning, bare = _split(cases, [len(group) for group in groups])
    rows, details = [], []
    over: dict[str, float] = {}
    figures: dict[str, object] = {"fa_without_incidents_over_promise": over, "by_kind": {}}
    for rate in RATES:
        own, quiet = (outcome_at(cases, threshold_at(tuning, rate)) for cases in (test, bare))
        rows += _rows(rate, own, quiet)
        over[f"{rate}"] = quiet.false_per_1000 / rate
        figures |= {f"recall_{rate}": own.started, f"threshold_{rate}": own.threshold}
        figures["by_kind"][f"{rate}"] = own.by_kind  # type: ignore[index]
        details += [f"   {kind:14} at {rate}: recall {share:.3f}" for kind, share in own.by_kind.items()]
    figures["time_in_alarm"] = outcome_at(test, threshold_at(tuning, RATES[0])).time_on
    normal = {"real": rates_of(bare_tuning + bare, "count"), "real_with_incidents": rates_of(test, "count")}
    rows += rows_of("real KPIs", normal["real"], REAL_FACTOR)
    rows += rows_of("real KPIs with incidents", normal["real_with_incidents"], REAL_FACTOR)
    return Result(rows, {"real_noise": figures, "normal": normal}, details)


def rivals() -> Result:
    """Baselines on the files with one seed each."""
    tuning, test = samples_of(TUNING, TUNING_SEEDS[:1]), samples_of(TEST, TEST_SEEDS[:1])
    learning = cases_of(tuning, seasonal)
    thresholds = {rate: threshold_at(learning, rate) for rate in RATES}
    return Result([], {}, [], rivals_at("b", tuning, test, cases_of(test, seasonal), thresholds))


def _rows(rate: float, own: Outcome, quiet: Outcome) -> list[Row]:
    rows = [
        Row("b", f"real noise, recall at {rate}", own.started, RECALL[rate], on=own.time_on),
        Row("b", f"real noise, FA over promise at {rate}", own.false_per_1000 / rate),
        Row(
            "b",
            f"without incidents, FA over promise at {rate}",
            quiet.false_per_1000 / rate,
            2,
            at_least=False,
        ),
    ]
    if rate == RATES[0]:
        on = 100 * own.time_on
        rows.append(Row("b", "real noise, normal time in alarm, %", on, 1, at_least=False))
        rows.append(Row("b", "real noise, median delay", own.delay, 4, at_least=False))
    return rows


def _split(cases: list[Case], sizes: list[int]) -> list[list[Case]]:
    rest = iter(cases)
    return [[next(rest) for _ in range(size)] for size in sizes]
