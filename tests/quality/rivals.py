"""How the baselines do at a gate: thresholds of the tuning samples, recall on the test samples."""

from tests.quality.baseline import BASELINES
from tests.quality.figures import Rival
from tests.quality.gate import Case, gain, outcome_at, threshold_at
from tests.quality.sample import Sample, cases_of


def rivals_at(
    gate: str,
    tuning: list[Sample],
    test: list[Sample],
    ours: list[Case],
    thresholds: dict[float, float],
) -> list[Rival]:
    """Compare each baseline with us.

    ours         our cases of the test samples
    thresholds   by rate of false alarms per 1000, those of our own tuning
    """
    said = {rate: outcome_at(ours, threshold) for rate, threshold in thresholds.items()}
    rivals = []
    for name, judge in BASELINES.items():
        learning = cases_of(tuning, judge)
        found = learning if tuning is test else cases_of(test, judge)
        for rate, own in said.items():
            theirs = outcome_at(found, threshold_at(learning, rate))
            rivals.append(
                Rival(
                    gate,
                    name,
                    f"{rate:g}",
                    theirs.started,
                    theirs.time_on,
                    theirs.false_per_1000,
                    own.started,
                    *gain(own, theirs),
                )
            )
    return rivals
