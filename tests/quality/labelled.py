"""Gate c: labelled web KPIs as values of a minute, one threshold for all files."""

from tests.quality.figures import Result, Row
from tests.quality.gate import outcome_at, outcome_at_false_rate, threshold_at
from tests.quality.recording import TEST, TUNING, minutes, read, start_of
from tests.quality.rivals import rivals_at
from tests.quality.sample import cases_of, of_groups, seasonal

RATES = (0.5, 0.1, 0.02)  # false alarms per 1000 normal points
RECALL = {0.5: 0.75, 0.1: 0.70, 0.02: 0.53}
COMPARED_DAYS = 30  # of the test files, from their start: what baselines judge


def gate() -> Result:
    """Judge all files."""
    samples = [minutes(read(name)) for name in TUNING + TEST]
    cases = cases_of(samples, seasonal)
    rows, details, figures = [], [], {}
    for rate in RATES:
        own = outcome_at_false_rate(cases, rate)
        name = f"labelled KPIs, recall at {rate}"
        rows.append(Row("c", name, own.started, RECALL[rate], on=own.time_on))
        figures[f"recall_{rate}"], figures[f"time_in_alarm_{rate}"] = own.started, own.time_on
        by_file = zip(samples, own.tally.astype(int).tolist(), strict=True)
        found = "  ".join(f"{s.group[4:]} {hits}/{segments}" for s, (hits, segments) in by_file)
        details.append(f"   found at {rate}, by file: {found}")
        carried = _carried(samples, cases, rate)
        rows.append(
            Row(
                "c",
                f"test files, threshold of the tuning files, at {rate}",
                carried.started,
                on=carried.time_on,
            )
        )
        details.append(
            f"   test files at the tuning files' threshold of {rate}: FA/1000 {carried.false_per_1000:.3f}"
        )
        figures[f"carried_over_{rate}"] = {
            "recall": carried.started,
            "false_per_1000": carried.false_per_1000,
        }
    return Result(rows, {"kpi": figures}, details)


def rivals() -> Result:
    """Baselines on parts of the files, each at the common threshold of its own that gives the rate."""
    samples = [minutes(start_of(read(name), COMPARED_DAYS)) for name in TEST]
    ours = cases_of(samples, seasonal)
    thresholds = {rate: threshold_at(ours, rate) for rate in RATES}
    return Result([], {}, [], rivals_at("c", samples, samples, ours, thresholds))


def _carried(samples, cases, rate):
    """Return what the test files have at the threshold of the tuning files."""
    tuning, test = ({f"kpi-{name}" for name in names} for names in (TUNING, TEST))
    return outcome_at(of_groups(samples, cases, test), threshold_at(of_groups(samples, cases, tuning), rate))
