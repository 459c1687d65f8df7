"""Gate a: made-up counts and ratios with incidents, beside the reference that knows the true rate."""

import math

from tests.quality.figures import Result, Row
from tests.quality.gate import Case, Outcome, outcome_at, threshold_at
from tests.quality.made_up import EXPOSURES, MEANS, count, ratio
from tests.quality.reference import reference
from tests.quality.rivals import rivals_at
from tests.quality.sample import Sample, cases_of, of_groups, seasonal

TUNING, TEST = 7, 8  # seeds
EACH_COUNT, EACH_RATIO = 40, 20  # series of each mean and exposure
EACH_COMPARED = 2  # of them, those that baselines judge
RATES = (0.5, 0.1)  # false alarms per 1000 normal points
OF_REFERENCE = {0.5: 0.97, 0.1: 0.95}
AT_MEAN_20 = {0.5: 0.93, 0.1: 0.90}
AT_LARGE = {0.5: 0.97, 0.1: 0.95}
LARGE = {"mean 200", "mean 2000"}
GROUPS = [f"mean {mean:g}" for mean in MEANS] + [f"exposure {exposure}" for exposure in EXPOSURES]


def samples_of(seed: int, each_count: int = EACH_COUNT, each_ratio: int = EACH_RATIO) -> list[Sample]:
    """Return the series of a seed."""
    counts = [count(mean, (seed, i)) for mean in MEANS for i in range(each_count)]
    return counts + [ratio(exposure, (seed, i)) for exposure in EXPOSURES for i in range(each_ratio)]


def gate() -> Result:
    """Set thresholds on the tuning seed, judge the test seed."""
    tuning, test = samples_of(TUNING), samples_of(TEST)
    ours_tuning, ours = cases_of(tuning, seasonal), cases_of(test, seasonal)
    known_tuning, known = cases_of(tuning, reference), cases_of(test, reference)
    thresholds = {rate: threshold_at(ours_tuning, rate) for rate in RATES}
    rows, details = [], []
    figures: dict[str, object] = {"by_mean": {}, "by_kind": {}, "thresholds": list(thresholds.values())}
    for rate, threshold in thresholds.items():
        own, best = outcome_at(ours, threshold), outcome_at(known, threshold_at(known_tuning, rate))
        rows += _rows(rate, own, best) + _rows_of_groups(rate, test, ours, threshold)
        figures |= {f"recall_{rate}": own.started, f"of_reference_{rate}": own.started / best.started}
        figures["by_kind"][f"{rate}"] = own.by_kind  # type: ignore[index]
        details += _by_group(rate, test, (ours, own), (known, best), figures) + _by_kind(rate, own, best)
    return Result(rows, {"synthetic": figures}, details)


def rivals() -> Result:
    """Baselines on some of the series."""
    tuning, test = (samples_of(seed, EACH_COMPARED, EACH_COMPARED) for seed in (TUNING, TEST))
    learning = cases_of(tuning, seasonal)
    thresholds = {rate: threshold_at(learning, rate) for rate in RATES}
    return Result([], {}, [], rivals_at("a", tuning, test, cases_of(test, seasonal), thresholds))


def _rows(rate: float, own: Outcome, best: Outcome) -> list[Row]:
    rows = [
        Row("a", f"synthetic, recall at {rate}", own.started, on=own.time_on),
        Row("a", f"the reference, recall at {rate}", best.started, on=best.time_on),
        Row("a", f"synthetic, of the reference at {rate}", own.started / best.started, OF_REFERENCE[rate]),
        Row("a", f"synthetic, FA over promise at {rate}", own.false_per_1000 / rate, 2, at_least=False),
    ]
    if rate == RATES[0]:
        rows.append(Row("a", "synthetic, median delay", own.delay, 4, at_least=False))
    return rows


def _rows_of_groups(rate: float, test: list[Sample], ours: list[Case], threshold: float) -> list[Row]:
    by_group = {group: outcome_at(of_groups(test, ours, {group}), threshold) for group in GROUPS}
    large = outcome_at(of_groups(test, ours, LARGE), threshold)
    twenty, worst = by_group["mean 20"], max(by_group, key=lambda group: by_group[group].false_per_1000)
    over = by_group[worst].false_per_1000 / rate
    return [
        Row("a", f"mean 20, recall at {rate}", twenty.started, AT_MEAN_20[rate], on=twenty.time_on),
        Row("a", f"means from 200 on, recall at {rate}", large.started, AT_LARGE[rate], on=large.time_on),
        Row("a", f"worst class, FA over promise at {rate}", over, 3, at_least=False),
    ]


def _by_group(rate, test, ours, known, figures) -> list[str]:
    """Note recall and false alarms of each class of mean, ours and the reference's."""
    lines = []
    for group in GROUPS:
        own = outcome_at(of_groups(test, ours[0], {group}), ours[1].threshold)
        best = outcome_at(of_groups(test, known[0], {group}), known[1].threshold)
        lines.append(
            f"   {group:14} at {rate}: recall {own.started:.3f} (reference {best.started:.3f})  "
            f"FA/1000 {own.false_per_1000:.3f} ({best.false_per_1000:.3f})  alarm {100 * own.time_on:.2f} %  "
            f"delay {own.delay:.0f}"
        )
        figures["by_mean"].setdefault(group, {})[f"{rate}"] = {
            "recall": own.started,
            "reference": best.started,
            "false_per_1000": own.false_per_1000,
            "time_in_alarm": own.time_on,
        }
    return lines


def _by_kind(rate: float, own: Outcome, best: Outcome) -> list[str]:
    pairs = [(kind, share, best.by_kind.get(kind, math.nan)) for kind, share in own.by_kind.items()]
    return [
        f"   {kind:14} at {rate}: recall {mine:.3f} (reference {theirs:.3f})" for kind, mine, theirs in pairs
    ]
