"""Judgement of a reading: nats up and down, and the band in which one point alone is unremarkable."""

from collections.abc import Mapping

import numpy as np

from detectors.cells import Column32
from detectors.seasonal import noise
from detectors.seasonal.evidence import TAIL
from detectors.seasonal.reading import Reading
from detectors.table import Floats, Judgement, Kind

POINT_NATS: Mapping[Kind, float] = {"count": 9.9, "ratio": 9.9, "value": 8.6}  # of a residual at grade IV
NARROWEST, WIDEST = 3.8, 8.0  # half width of the band, standard deviations
SCALED = slice(1, 4, 2)  # streams of the tail that know nothing of drift: up, down


def judge(reading: Reading, told: Floats | None) -> Judgement:
    """Return the judgement. `told`: exposure where rows without any are not judged (0 nats), else None."""
    up, down = (np.asarray(nats, np.float64) for nats in (reading.evidence.up, reading.evidence.down))
    if told is not None:
        up, down = np.where(told > 0, up, 0), np.where(told > 0, down, 0)
    known = reading.window.points > 0
    return Judgement(
        *(_where(reading.window.judged, nats) for nats in (up, down)),
        *(_where(known, edge) for edge in _band(reading)),
    )


def _where(told: Column32, numbers: Floats) -> Floats:
    """Return the numbers of rows that are told of, NaN of others."""
    return numbers if told.all() else np.where(told, numbers, np.nan)


def _band(reading: Reading) -> tuple[Floats, Floats, Floats]:
    """Return expected, lower and upper in the unit of the value; for ratios, of value over exposure."""
    middle = reading.expected.corrected
    wide_up, wide_down = _half_widths(reading)
    if reading.kind == "value":
        origin = reading.cells["origin"]
        edges = (middle - origin, middle - wide_down - origin, middle + wide_up - origin)
    else:
        unit = noise.FLOORS[reading.kind].unit
        edges = (middle, np.maximum(middle - wide_down, 0), middle + wide_up + unit)
    expected, lower, upper = (np.asarray(edge, np.float64) for edge in edges)
    if reading.kind != "ratio":
        return expected, lower, upper
    exposure = np.asarray(reading.window.exposure, np.float64)
    return (
        expected / exposure,
        lower / exposure,
        np.minimum(upper / exposure, np.maximum(1, expected / exposure)),
    )


def _half_widths(reading: Reading) -> tuple[Column32, Column32]:
    sd = reading.expected.sd * reading.expected.scale[0] * reading.residual.spiky
    levels = TAIL.level(reading.cells, POINT_NATS[reading.kind], SCALED)
    up, down = levels.clip(NARROWEST, WIDEST) * sd
    return up, down
