"""River's anomaly classes that can be a detector here: how each is fed, read and asked whether it is ready.

An allow-list: a class stands here when its faults are known and guarded. River's models are untyped; `Any`
below is one of them.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from river import anomaly

SEED = 7  # of classes that draw random numbers, unless one is given: same input, same scores
REACH = 8.0  # scaled inputs are clipped to so many scales
CENTRES = range(-3, 4)  # of the bumps that the support vector machine sees, in scales


class RiverPanic(RuntimeError):  # noqa: N818 (named like what it is)
    """River's native code gave up: the state of a model may be damaged. Nothing to carry on with."""


class Input(NamedTuple):
    """One number as each class may want it.

    value     as it came
    bounded   as it came, within REACH robust scales of its norm: one outlier must not spoil a plain mean
    standard  in robust scales from its norm, within +-REACH
    unit      the robust scale
    """

    value: float
    bounded: float
    standard: float
    unit: float


class Adapter(NamedTuple):
    """How to use one class.

    read   (model, input) -> a number that grows with strangeness, NaN while the class warms up
    feed   (model, input) -> None: learn
    noise  differences of what `read` gives that mean nothing
    """

    build: Callable[..., Any]
    read: Callable[[Any, Input], float]
    feed: Callable[[Any, Input], None]
    noise: float


def _read_gaussian(model: Any, given: Input) -> float:
    """Distance in sigmas: the class's own score is 1.0 exactly from 8 sigmas on, and cannot rank."""
    gaussian = model.gaussian
    if gaussian.n_samples < max(model.grace_period, 2):
        return math.nan
    return float(abs(given.value - gaussian.mu) / max(gaussian.sigma, 0.1 * given.unit))


def _read_deviation(model: Any, given: Input) -> float:
    """Distance in deviations, as the class scores it, with a floor to the deviation."""
    if model.variance.n < 2:
        return math.nan
    spread = model.variance.get() ** 0.5
    return float(model.score_one(None, given.value) * (spread + 1e-10) / max(spread, 0.1 * given.unit))


def mass_nats(model: Any, features: dict[str, float]) -> float:
    """-ln of the mass trees find: their score, 1 - mass, crowds just below 1. NaN in the first window."""
    if model._first_window:
        return math.nan
    return -math.log(max(1.0 - float(model.score_one(features)), 1e-12))


def _read_trees(model: Any, given: Input) -> float:
    return mass_nats(model, _share(given))


def _read_loda(model: Any, given: Input) -> float:
    """-ln density, never more than a normal tail would have: where LODA saw nothing yet it answers 27.6."""
    if not model.projections_:
        return math.nan
    return min(float(model.score_one(_feature(given))), 1.0 + given.standard**2 / 2)


def _read_machine(model: Any, given: Input) -> float:
    """Turn the class's score round: the machine scores what is normal high."""
    return -float(model.score_one(_bumps(given)))


def _feature(given: Input) -> dict[str, float]:
    return {"value": given.standard}


def _share(given: Input) -> dict[str, float]:
    """Return the input in [0, 1], all that half-space trees can tell apart."""
    return {"value": 0.5 + given.standard / (2 * REACH)}


def _bumps(given: Input) -> dict[str, float]:
    """Return how near the input is to each CENTRE: on the bare number a linear machine sees one side only."""
    return {f"near{centre:+d}": math.exp(-0.5 * (given.standard - centre) ** 2) for centre in CENTRES}


def _feed_bounded(model: Any, given: Input) -> None:
    model.learn_one(None, given.bounded)


def _feed_trees(model: Any, given: Input) -> None:
    model.learn_one(_share(given))


def _feed_machine(model: Any, given: Input) -> None:
    model.learn_one(_bumps(given))


def _feed_standard(model: Any, given: Input) -> None:
    model.learn_one(_feature(given))


ADAPTERS: dict[str, Adapter] = {
    "GaussianScorer": Adapter(anomaly.GaussianScorer, _read_gaussian, _feed_bounded, noise=0.3),
    "StandardAbsoluteDeviation": Adapter(
        anomaly.StandardAbsoluteDeviation, _read_deviation, _feed_bounded, noise=0.3
    ),
    "HalfSpaceTrees": Adapter(anomaly.HalfSpaceTrees, _read_trees, _feed_trees, noise=0.1),
    "OneClassSVM": Adapter(
        anomaly.OneClassSVM,
        _read_machine,
        _feed_machine,
        noise=0.05,
    ),
    "LODA": Adapter(anomaly.LODA, _read_loda, _feed_standard, noise=0.1),
}


REFUSED: dict[str, str] = {  # River's other anomaly classes, and why not
    "LocalOutlierFactor": "it keeps every observation and takes over a millisecond for each",
    "PredictiveAnomalyDetection": "it changes when it is asked for a score",
    "QuantileFilter": "it is a filter around another class, and our own tail is calibrated",
    "ThresholdFilter": "it is a filter around another class, and a lasting change of level blinds it",
}


def adapter_of(name: str) -> Adapter:
    """Return the adapter. Raises ValueError, saying which there are, if the class has none or is none."""
    if name in ADAPTERS:
        return ADAPTERS[name]
    known = ", ".join(ADAPTERS)
    if hasattr(anomaly, name):
        why = REFUSED.get(name, "it has no adapter")
        raise ValueError(f"river: {name} is not safe to run unattended: {why}; allowed are {known}")
    raise ValueError(f"river: there is no class {name!r} in river.anomaly; allowed are {known}")


def settings_of(name: str, given: Mapping[str, object]) -> dict[str, float]:
    """Return checked numbers for the class's constructor, with a fixed seed where it draws.

    Raises ValueError, saying what is allowed, for an unknown parameter or one that is not a number.
    """
    taken = {
        key: parameter.default
        for key, parameter in inspect.signature(adapter_of(name).build).parameters.items()
        if isinstance(parameter.default, int | float) or key == "seed"
    }
    for key, value in given.items():
        if key not in taken:
            raise ValueError(f"river: {name} has no parameter {key!r} here; allowed are {', '.join(taken)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"river: {key} of {name} must be a number, not {value!r}")
    seed: dict[str, float] = {"seed": SEED} if "seed" in taken else {}
    return seed | {key: value for key, value in given.items() if isinstance(value, int | float)}


@contextmanager
def no_panic(name: str) -> Iterator[None]:
    """Turn a panic of River's native code, which is no Exception, into RiverPanic."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise RiverPanic(f"river: {name} panicked: {error}. Use another detector and report it.") from error
