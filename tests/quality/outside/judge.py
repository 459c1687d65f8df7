"""Detectors of PySAD over series in a file, run by the interpreter of build/outside.

Run `judge.py MODEL IN.npy OUT.npy`: (series, point), NaN = missing, in; scores out.
"""

import sys

import numpy as np
from pysad.models import KNNCAD, MedianAbsoluteDeviation

MODELS = {
    "KNN-CAD": lambda: KNNCAD(probationary_period=288),  # points: a day of 5 minutes
    "median and MAD": MedianAbsoluteDeviation,
}
FARTHEST = 1e9  # where all values of the window were equal, the distance is infinite


def scores_of(series: np.ndarray, name: str) -> np.ndarray:
    """Score each point that is there, then learn it."""
    model, scores = MODELS[name](), np.full(len(series), np.nan)
    here = np.flatnonzero(~np.isnan(series))
    with np.errstate(divide="ignore", invalid="ignore"):
        said = [float(model.fit_score_partial(series[i : i + 1])) for i in here]
    scores[here] = np.nan_to_num(said, nan=0.0, posinf=FARTHEST)
    return scores


if __name__ == "__main__":
    np.save(sys.argv[3], np.stack([scores_of(row, sys.argv[1]) for row in np.load(sys.argv[2])]))
