"""Reading: all that one window says of its rows, before anything is learned of it."""

from typing import NamedTuple

import numpy as np

from detectors.cells import Cells, Column32
from detectors.seasonal import evidence
from detectors.seasonal.evidence import Evidence
from detectors.seasonal.expectation import Expectation, Residual, expect, residual_of
from detectors.seasonal.lending import lent_of
from detectors.seasonal.window import Window
from detectors.table import Context, Floats, Kind

LARGEST = 1e14  # greater values are taken for it: their squares must fit float32


class Reading(NamedTuple):
    """One window of some rows; `plain` are the values as they came, `window.x` those above their origin."""

    kind: Kind
    cells: Cells
    window: Window
    plain: Column32
    expected: Expectation
    residual: Residual
    evidence: Evidence


def read(cells: Cells, kind: Kind, values: Floats, context: Context) -> Reading:
    """Return what the values say. Changes nothing."""
    plain = values.clip(-LARGEST, LARGEST).astype(np.float32)
    x = plain + cells["origin"] if kind == "value" else plain
    window = Window.of(x, _exposure(context, len(x)), cells["points"], context)
    expected = expect(cells, kind, window, lent_of(cells, kind, window, context.loan))
    residual = residual_of(cells, window, expected)
    if kind == "value":
        said = evidence.of_value(cells, window, expected, residual, plain)
    else:
        said = evidence.of_count(cells, window, expected, residual)
    return Reading(kind, cells, window, plain, expected, residual, said)


def _exposure(context: Context, n: int) -> Column32:
    if context.exposure is None:
        return np.ones(n, np.float32)
    return context.exposure.clip(1e-6, LARGEST).astype(np.float32)
