"""The detectors by name, and how one is built from the configuration."""

import inspect
from collections.abc import Mapping
from typing import Any

from detectors.joint import Joint
from detectors.jump import Jump
from detectors.novelty import Novelty
from detectors.seasonal import Seasonal
from detectors.silence import Silence
from detectors.stuck import Stuck
from detectors.table import Kind, Table
from detectors.threshold import Threshold

DETECTORS: dict[str, type[Table]] = {
    "seasonal": Seasonal,
    "threshold": Threshold,
    "jump": Jump,
    "silence": Silence,
    "novelty": Novelty,
    "stuck": Stuck,
    "joint": Joint,
}
RIVER = "river"


def build(
    spec: str | Mapping[str, object], kind: Kind, grades: tuple[float, float, float, float], parts: int = 1
) -> Table:
    """Return an empty table of the detector that `spec` names.

    spec     `seasonal`; or {seasonal: {parameter: value}}; or {river: HalfSpaceTrees, window_size: 250}
    grades   nats at which grades IV, III, II, I begin
    parts    how many counts a vector has

    Raises ValueError, saying what is allowed, for an unknown name, parameter, or kind of series.
    """
    name, parameters = _parts(spec)
    if name == RIVER:
        return _build_river(kind, parameters)
    if name not in DETECTORS:
        known = ", ".join([*DETECTORS, RIVER])
        raise ValueError(f"there is no detector {name!r}; allowed are {known}")
    detector = DETECTORS[name]
    allowed = _parameters(detector)
    if unknown := sorted(set(parameters) - allowed):
        known = f"allowed are {', '.join(sorted(allowed))}" if allowed else "it has none"
        raise ValueError(f"detector {name} has no parameter {unknown[0]!r}; {known}")
    own = inspect.signature(detector).parameters
    parameters |= {key: value for key, value in (("grades", grades), ("parts", parts)) if key in own}
    return _make(detector, name, kind, parameters)


def speaks_at_once(spec: str | Mapping[str, object]) -> bool:
    """Whether people have set what the named detector finds: it is never held back (see Table.CAUTIOUS)."""
    detector = DETECTORS.get(detector_name(spec))
    return detector is not None and not detector.CAUTIOUS


def borrowing_kinds(spec: str | Mapping[str, object]) -> frozenset[Kind]:
    """Return the kinds of series whose shape the named detector may borrow (see Table.BORROWS)."""
    detector = DETECTORS.get(detector_name(spec))
    return frozenset() if detector is None else detector.BORROWS


def detector_name(spec: str | Mapping[str, object]) -> str:
    """Return the name under which a detector is registered, or `river`."""
    return _parts(spec)[0]


def _parts(spec: str | Mapping[str, object]) -> tuple[str, dict[str, Any]]:
    """Return name and parameters; those of river keep the class under `class`."""
    if isinstance(spec, str):
        return spec, {}
    if RIVER in spec:
        return RIVER, {"class": spec[RIVER]} | {str(key): spec[key] for key in spec if key != RIVER}
    if len(spec) != 1:
        raise ValueError(f"a detector is a name, or one name with its parameters, not {list(spec)}")
    name, parameters = next(iter(spec.items()))
    if not isinstance(parameters, Mapping):
        raise ValueError(f"detector {name}: give its parameters as a mapping, not {parameters!r}")  # noqa: TRY004 (the contract is ValueError)
    return name, dict(parameters)


def _build_river(kind: Kind, parameters: dict[str, Any]) -> Table:
    """Build from {class: name, **parameters, rows_max: n}."""
    from detectors.river import ROWS_MAX  # noqa: PLC0415 (River takes a second to import: only where it is used)
    from detectors.river_durable import build_river  # noqa: PLC0415 (the same)

    name, rows_max = parameters.pop("class", None), parameters.pop("rows_max", ROWS_MAX)
    if not isinstance(name, str):
        raise ValueError("river: name the class, like {river: HalfSpaceTrees}")  # noqa: TRY004 (the contract is ValueError)
    if isinstance(rows_max, bool) or not isinstance(rows_max, int) or rows_max < 1:
        raise ValueError(f"river: rows_max must be a whole number >= 1, not {rows_max!r}")
    return build_river(kind, name, parameters, rows_max=rows_max)


def _parameters(detector: type[Table]) -> set[str]:
    """Return what the configuration may set: the constructor's parameters but those that `build` gives."""
    return set(inspect.signature(detector).parameters) - {"kind", "grades", "parts"}


def _make(detector: Any, name: str, kind: Kind, parameters: dict[str, Any]) -> Table:
    try:
        table: Table = detector(kind, **parameters)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"detector {name}: a parameter has the wrong type: {error}") from error
    return table
