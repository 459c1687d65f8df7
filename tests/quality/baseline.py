"""Baselines: judges that anybody can have in an afternoon, as they come."""

import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from river import anomaly, preprocessing

from tests.quality.sample import Judge, Sample

ROOT = Path(__file__).parents[2]
OUTSIDE = ROOT / "build" / "outside" / "bin" / "python"
PROGRAM = Path(__file__).parent / "outside" / "judge.py"


def null(samples: list[Sample]) -> list[np.ndarray]:
    """Never alarm."""
    return [np.zeros(len(sample.values)) for sample in samples]


def random(samples: list[Sample]) -> list[np.ndarray]:
    """Alarm at random."""
    rng = np.random.default_rng(1)
    return [rng.random(len(sample.values)) for sample in samples]


def three_sigma(samples: list[Sample]) -> list[np.ndarray]:
    """Return the distance from the mean of all values before, in their standard deviations."""
    return [_present(sample, _sigmas) for sample in samples]


def gaussian_scorer(samples: list[Sample]) -> list[np.ndarray]:
    """Judge by River's GaussianScorer with its defaults."""
    return [_present(sample, _gaussian) for sample in samples]


def half_space_trees(samples: list[Sample]) -> list[np.ndarray]:
    """Judge by River's HalfSpaceTrees with its defaults, behind the scaler its documentation shows."""
    return [_present(sample, _trees) for sample in samples]


def outside(model: str, samples: list[Sample]) -> list[np.ndarray]:
    """Judge by a detector of PySAD, in an environment of its own (`make build/outside/.ready`)."""
    longest = max(len(sample.values) for sample in samples)
    series = [np.pad(s.per_exposure, (0, longest - len(s.values)), constant_values=np.nan) for s in samples]
    with tempfile.TemporaryDirectory() as folder:
        given, said = Path(folder) / "given.npy", Path(folder) / "said.npy"
        np.save(given, np.stack(series))
        subprocess.run([OUTSIDE, PROGRAM, model, given, said], check=True, stdout=subprocess.DEVNULL)
        scores = np.load(said)
    return [score[: len(sample.values)] for sample, score in zip(samples, scores, strict=True)]


BASELINES: dict[str, Judge] = {
    "null": null,
    "random": random,
    "3-sigma": three_sigma,
    "River GaussianScorer": gaussian_scorer,
    "River HalfSpaceTrees": half_space_trees,
    "PySAD median and MAD": partial(outside, "median and MAD"),
    "PySAD KNN-CAD": partial(outside, "KNN-CAD"),
}


def _present(sample: Sample, score: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Score the points that are there."""
    x = sample.per_exposure
    here, out = ~np.isnan(x), np.full(len(x), np.nan)
    out[here] = score(x[here])
    return out


def _sigmas(x: np.ndarray) -> np.ndarray:
    seen = np.arange(1, len(x) + 1)
    mean = np.cumsum(x) / seen
    spread = np.sqrt(np.maximum(np.cumsum(x * x) / seen - mean * mean, 1e-12))
    out = np.zeros(len(x))
    out[1:] = np.abs(x[1:] - mean[:-1]) / spread[:-1]
    return out


def _gaussian(x: np.ndarray) -> np.ndarray:
    model, out = anomaly.GaussianScorer(), np.zeros(len(x))
    for i, number in enumerate(x.tolist()):
        out[i] = model.score_one(None, number)
        model.learn_one(None, number)
    return out


def _trees(x: np.ndarray) -> np.ndarray:
    model = preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees(seed=42)
    out = np.zeros(len(x))
    for i, number in enumerate(x.tolist()):
        out[i] = model.score_one({"x": number})
        model.learn_one({"x": number})
    return out
