"""Gate e, promotions: sales of 2.5 times the usual for six hours, given to the detector or not."""

import numpy as np

from tests.quality.figures import Result, Row
from tests.quality.gate import Outcome, outcome_at, threshold_at
from tests.quality.incident import COUNT_KINDS
from tests.quality.made_up import BURN_IN_DAYS, DAY, MONDAY_S, negative_binomial, shop_shape
from tests.quality.rivals import rivals_at
from tests.quality.sample import Sample, cases_of, seasonal
from tests.quality.synthetic import TUNING as SEED_OF_THRESHOLD
from tests.quality.synthetic import samples_of

TUNING, TEST = 17, 18  # seeds
MEANS, EACH, EACH_COMPARED = (2.0, 20.0, 200.0, 2000.0), 12, 2
DAYS, LENGTH, UPLIFT = 42, 72, 2.5  # a promotion: points, times
GAP = (500, 900)  # points between promotions
RATE = 0.5  # false alarms per 1000 normal points: the threshold is that of gate a
DROPS = ("drop 30 %", "drop 60 %", "outage")
PEACE, DROP = "promotion without a drop", "drop inside"


def sample(mean: float, seed: tuple[int, ...], *, told: bool = True) -> Sample:
    """Return a series with promotions from the third week on, a drop within every other one.

    told   the detector knows the uplift
    """
    rng = np.random.default_rng([*seed, int(mean)])
    shape, uplift = shop_shape(DAYS * DAY, rng), np.ones(DAYS * DAY)
    starts = _starts(rng)
    for start in starts:
        uplift[start : start + LENGTH] = UPLIFT
    x = negative_binomial(mean * shape * uplift, 0.003, rng)
    spans, kinds, doubt = [], [], uplift > 1
    for number, start in enumerate(starts):
        first, last = start, start + LENGTH
        if number % 2:
            drop, (least, most) = COUNT_KINDS[str(rng.choice(DROPS))]
            first = start + int(rng.integers(6, 24))
            last = first + int(rng.integers(least, most))
            x[first:last] = drop(x[first:last], rng)
        spans.append((first, last))
        kinds.append(DROP if number % 2 else PEACE)
    exposure = uplift if told else None
    return Sample("count", "promotion", x, exposure, spans, kinds, doubt, BURN_IN_DAYS * DAY, MONDAY_S, 300.0)


def gate() -> Result:
    """Judge with the uplift and without it, at the threshold of gate a."""
    threshold = threshold_at(cases_of(samples_of(SEED_OF_THRESHOLD), seasonal), RATE)
    samples = [_samples(TEST, EACH, told=told) for told in (True, False)]
    cases, half = cases_of(samples[0] + samples[1], seasonal), len(samples[0])
    told, untold = outcome_at(cases[:half], threshold), outcome_at(cases[half:], threshold)
    rows = [
        Row("e", "promotions that raise a false alarm", told.by_kind[PEACE], 0.07, at_least=False),
        Row("e", "drops found inside of promotions", told.by_kind[DROP], 0.80, on=told.time_on),
        Row("e", "the same, uplift not given: false alarms", untold.by_kind[PEACE]),
        Row("e", "the same, uplift not given: found", untold.by_kind[DROP], on=untold.time_on),
    ]
    return Result(rows, {"promotion": {"told": _shares(told), "not_told": _shares(untold)}})


def rivals() -> Result:
    """Baselines, which get the sales over the uplift; drops only."""
    tuning, test = (_drops(_samples(seed, EACH_COMPARED, told=True)) for seed in (TUNING, TEST))
    thresholds = {RATE: threshold_at(cases_of(tuning, seasonal), RATE)}
    return Result([], {}, [], rivals_at("e", tuning, test, cases_of(test, seasonal), thresholds))


def _samples(seed: int, each: int, *, told: bool) -> list[Sample]:
    return [sample(mean, (seed, i), told=told) for mean in MEANS for i in range(each)]


def _drops(samples: list[Sample]) -> list[Sample]:
    """Leave only the drops to be found; what else is in a promotion counts as normal."""
    out = []
    for one in samples:
        pairs = [(s, k) for s, k in zip(one.spans, one.kinds, strict=True) if k == DROP]
        out.append(
            one._replace(
                spans=[s for s, _ in pairs], kinds=[k for _, k in pairs], doubt=np.zeros_like(one.doubt)
            )
        )
    return out


def _starts(rng: np.random.Generator) -> list[int]:
    starts, at = [], BURN_IN_DAYS * DAY + int(rng.integers(*GAP))
    while at + LENGTH + 20 < DAYS * DAY:
        starts.append(at)
        at += LENGTH + int(rng.integers(*GAP))
    return starts


def _shares(outcome: Outcome) -> dict[str, float]:
    return {
        "false_alarm": outcome.by_kind[PEACE],
        "drops_found": outcome.by_kind[DROP],
        "time_in_alarm": outcome.time_on,
    }
