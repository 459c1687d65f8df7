"""The reference: a judge that knows the true rate and noise of made-up series, the ceiling for detectors.

Sums of likelihood ratios (CUSUM: Page, 1954) of the very distribution the series was drawn from, and runs of
equal values by their probability.
"""

import numpy as np
from scipy.special import betaln, gammaln

from tests.quality.sample import Sample, Truth

FACTORS = (0.05, 0.4, 0.7, 1.5, 2.5)
CAP = 20.0  # nats: the sums must come down again after an incident
SURE = 0.98  # greatest share a raised ratio may have


def reference(samples: list[Sample]) -> list[np.ndarray]:
    """Judge by what is known. See sample.Judge."""
    scores: list[np.ndarray] = [np.empty(0)] * len(samples)
    for group in sorted({sample.group for sample in samples}):
        places = [i for i, sample in enumerate(samples) if sample.group == group]
        for i, score in zip(places, _scores([samples[i] for i in places]), strict=True):
            scores[i] = score
    return scores


def _scores(samples: list[Sample]) -> np.ndarray:
    """Score series of one length side by side, (series, point)."""
    known = [_known(sample) for sample in samples]
    gains = np.stack([gain for gain, _ in known], axis=-1)  # (factor, point, series)
    rare = np.stack([nats for _, nats in known], axis=-1)  # (point, series)
    sums, run = np.zeros((len(FACTORS), len(samples))), np.zeros(len(samples))
    out = np.zeros(rare.shape)
    for i in range(len(out)):
        sums = np.minimum(np.maximum(sums + gains[:, i], 0), CAP)
        run = np.where(np.isnan(rare[i]), 0, np.minimum(run + rare[i], CAP))
        out[i] = np.maximum(sums.max(axis=0), run)
    return out.T.copy()


def _known(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Return what each point adds to the sums, (factor, point), and nats of a repeated value, else NaN."""
    truth = sample.truth
    if truth is None:
        raise ValueError(f"nothing is known of {sample.group}")
    x, trials = sample.values, sample.exposure
    logs = _count_logs(x, truth) if trials is None else _ratio_logs(x, trials, truth)
    repeated = np.concatenate([[False], x[1:] == x[:-1]])
    return logs[1:] - logs[0], np.where(repeated, _nats(sample, truth), np.nan)


def _count_logs(x: np.ndarray, truth: Truth) -> np.ndarray:
    """Return ln P(x) up to a constant in x, (1 + factors, point), for the true mean and for its multiples."""
    mean = np.concatenate([[1.0], FACTORS])[:, None] * truth.mean
    shape = 1 / truth.slope
    return x * np.log(mean / (mean + shape)) - shape * np.log1p(mean / shape)


def _ratio_logs(x: np.ndarray, trials: np.ndarray, truth: Truth) -> np.ndarray:
    share = truth.mean / np.maximum(trials, 1)
    shares = np.minimum(np.concatenate([[1.0], FACTORS])[:, None] * share, SURE)
    return _beta_binomial(x, trials, shares, truth.slope)


def _beta_binomial(x: np.ndarray, trials: np.ndarray, share: np.ndarray, slope: float) -> np.ndarray:
    """Return ln P(x) up to a constant in x."""
    alpha, beta = np.maximum(share, 1e-9) / slope, (1 - share) / slope
    return betaln(x + alpha, np.maximum(trials - x, 0) + beta) - betaln(alpha, beta)


def _nats(sample: Sample, truth: Truth) -> np.ndarray:
    """Return -ln of the probability of each very value."""
    x, trials = sample.values, sample.exposure
    if trials is None:
        shape = 1 / truth.slope
        ways = gammaln(x + shape) - gammaln(shape) - gammaln(x + 1)
        return -(ways + _count_logs(x, truth)[0])
    ways = gammaln(trials + 1) - gammaln(x + 1) - gammaln(np.maximum(trials - x, 0) + 1)
    return -(ways + _ratio_logs(x, trials, truth)[0])
