"""KNN-CAD over series in a file: the outside detector, run by the interpreter of build/outside.

Run `knn_cad.py IN.npy OUT.npy`: (series, point), NaN = missing, in; scores out.
"""

import sys

import numpy as np
from pysad.models import KNNCAD

PROBATION = 288  # points: a day of 5 minutes


def scores_of(series: np.ndarray) -> np.ndarray:
    """Score each point that is there, then learn it."""
    model, scores = KNNCAD(probationary_period=PROBATION), np.full(len(series), np.nan)
    here = np.flatnonzero(~np.isnan(series))
    scores[here] = [float(model.fit_score_partial(series[i : i + 1])) for i in here]
    return scores


if __name__ == "__main__":
    np.save(sys.argv[2], np.stack([scores_of(row) for row in np.load(sys.argv[1])]))
