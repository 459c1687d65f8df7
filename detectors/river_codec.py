"""Codecs: the state of River models as fixed-layout numbers, never pickle.

Only classes whose whole state is known to be these numbers stand here; they can be stored with a checkpoint.
A codec reads River's private fields, so River is pinned and its version is part of what is stored.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Codec(NamedTuple):
    """numbers: (model) -> state; restore: (new model built with the same parameters, state) -> None.

    The length of the state depends on the class and its parameters only.
    """

    numbers: Callable[[Any], Numbers]
    restore: Callable[[Any, Numbers], None]


def _gaussian_numbers(model: Any) -> Numbers:
    return _variance_numbers(model.gaussian._var)


def _restore_gaussian(model: Any, numbers: Numbers) -> None:
    _restore_variance(model.gaussian._var, numbers)


def _deviation_numbers(model: Any) -> Numbers:
    mean = model.sub_stat
    return np.append(_variance_numbers(model.variance), [mean.n, mean._mean])


def _restore_deviation(model: Any, numbers: Numbers) -> None:
    _restore_variance(model.variance, numbers[:3])
    model.sub_stat.n, model.sub_stat._mean = map(float, numbers[3:])


def _variance_numbers(variance: Any) -> Numbers:
    return np.array([variance.mean.n, variance.mean._mean, variance._S])


def _restore_variance(variance: Any, numbers: Numbers) -> None:
    variance.mean.n, variance.mean._mean, variance._S = map(float, numbers)


def trees_numbers(model: Any) -> Numbers:
    """Counter, first-window flag, and the two masses of every node; zeros before the trees are built."""
    nodes = model.n_trees * (2 ** (model.height + 1) - 1)
    masses = [(node.l_mass, node.r_mass) for tree in model._tree_nodes for node in tree]
    state = np.zeros(2 + 2 * nodes)
    state[:2] = model.counter, model._first_window
    if masses:
        state[2:] = np.array(masses, dtype=float).ravel()
    return state


def restore_trees(model: Any, numbers: Numbers, features: Mapping[str, float]) -> None:
    """Build the trees, whose shape follows from parameters and seed, by one observation; set all masses."""
    model.learn_one(dict(features))
    model.counter, model._first_window = int(numbers[0]), bool(numbers[1])
    masses = iter(numbers[2:].astype(np.int64).reshape(-1, 2).tolist())
    for nodes in model._tree_nodes:
        for node in nodes:
            node.l_mass, node.r_mass = next(masses)


def _restore_trees(model: Any, numbers: Numbers) -> None:
    restore_trees(model, numbers, {"value": 0.5})


CODECS: dict[str, Codec] = {
    "GaussianScorer": Codec(_gaussian_numbers, _restore_gaussian),
    "StandardAbsoluteDeviation": Codec(_deviation_numbers, _restore_deviation),
    "HalfSpaceTrees": Codec(trees_numbers, _restore_trees),
}
