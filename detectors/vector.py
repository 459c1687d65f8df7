"""A vector: what one window says of counts that belong together, each read by a season of its own."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors import distance
from detectors.cells import Cells
from detectors.columns import Column, Rows
from detectors.seasonal.evidence import COUNT_COLUMNS
from detectors.seasonal.reading import Reading, read
from detectors.seasonal.table import BASE_COLUMNS
from detectors.table import Context, Floats

SEASONAL = BASE_COLUMNS | COUNT_COLUMNS
RARE = 5.0  # events a window: a part that expects fewer is left out, its residuals are no numbers yet
SQUARE_MAX = 1e5


class Vector(NamedTuple):
    """One window of some rows; (part, row) where not said otherwise.

    parts     the readings of all parts, one row a part
    cells     those of the rows
    smoothed  residuals; standard: in their own standard deviations
    square    of Mahalanobis' distance, one per row
    change    how far each part is off, as a share: -0.2
    young     rows whose seasons are
    """

    parts: Reading
    cells: Cells
    smoothed: Floats
    standard: Floats
    square: Floats
    change: Floats
    young: NDArray[np.bool_]


def columns(parts: int) -> dict[str, Column]:
    """Return the columns of rows with so many parts."""
    each = {name: Column(c.dtype, (*c.shape, parts), c.fill) for name, c in SEASONAL.items()}
    return each | distance.columns(parts) | {"change": Column("f8", (parts,))}


def read_vector(table: Mapping[str, NDArray[Any]], rows: Rows, values: Floats, context: Context) -> Vector:
    """Return what the values (part, row) say, given the columns of the table. Changes nothing."""
    cells = Cells(table, rows)
    parts = read(_cells_of_parts(table, rows), "count", values.ravel(), _each(context, values))
    mean = parts.expected.corrected.reshape(values.shape).astype(float)
    told = (mean >= RARE) & parts.window.judged.reshape(values.shape)
    z = np.where(told, parts.residual.scaled[0].reshape(values.shape).astype(float), 0.0)
    y = distance.smoothed(cells["smoothed"], z)
    variance = np.einsum("iin->in", cells["covariance"])
    square = np.minimum(distance.square_of(y, cells["covariance"]), SQUARE_MAX)
    change = np.clip(np.where(told, values / np.maximum(mean, RARE) - 1, 0), -1, 100)
    old = np.broadcast_to(np.asarray(parts.window.pace.young), values.size)[: values.shape[1]]
    young = cells["vectors"] < old
    return Vector(parts, cells, y, y / np.sqrt(variance + distance.RIDGE), square, change, young)


def _cells_of_parts(table: Mapping[str, NDArray[Any]], rows: Rows) -> Cells:
    """Return the parts of rows as rows of a seasonal table: the same memory, seen as one row a part.

    The columns of a table lie in one piece, so that reshaping them copies nothing.
    """
    parts, capacity = table["points"].shape
    seen = {name: table[name].reshape(*column.shape, -1) for name, column in SEASONAL.items()}
    return Cells(seen, (np.arange(parts)[:, None] * capacity + rows).ravel())


def _each(context: Context, values: Floats) -> Context:
    """Return the context with an entry for every part of every row."""

    def each(known: float | Floats) -> float | Floats:
        return np.broadcast_to(known, values.shape).ravel() if np.ndim(known) else known

    exposure = None if context.exposure is None else np.broadcast_to(context.exposure, values.shape).ravel()
    return Context(each(context.step_s), each(context.week_s), exposure)
