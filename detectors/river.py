"""River's anomaly detectors behind the contract of a table: one object a row, guarded and calibrated."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from detectors.calibration import Tail
from detectors.cells import Cells
from detectors.river_model import REACH, Input, adapter_of, no_panic, settings_of
from detectors.river_scale import Scale
from detectors.table import Context, Floats, Judgement, Kind, Rows, Table, TableMismatch, require_finite

ROWS_MAX = 2_000
BAND = 3.0  # robust scales called normal


class River(Table):
    """One object of a River class per row; its raw scores, standardised per row, through a calibrated tail.

    Guards: inputs clipped or standardised by a running robust scale as the class needs it; saturating scores
    read where they still rank; reading never changes a model; a constant series never alarms. What stays
    strange fills the tail and is the norm within some hundred observations. Ratios are taken as value /
    exposure, counts likewise by their uplift; without exposure 0 nats and nothing is learned. The side is
    that of the row's robust location.

    Silent (NaN) until the class is ready and 100 of its scores were seen. State cannot be stored (see
    DurableRiver). Raises RiverPanic when native code gives up.
    """

    NAME: ClassVar[str] = "river"
    DURABLE: ClassVar[bool] = False
    _VALUES: ClassVar[Scale] = Scale("value", relative_min=1e-3)
    _TAIL: ClassVar[Tail] = Tail(prefix="tail")

    def __init__(
        self, kind: Kind, name: str, settings: Mapping[str, object] | None = None, *, rows_max: int = ROWS_MAX
    ) -> None:
        """Take the class's name and numbers for its constructor.

        Raises ValueError if the class or a parameter is not allowed here.
        """
        self._adapter = adapter_of(name)
        self._settings = settings_of(name, settings or {})
        self._raw = Scale("raw", absolute_min=self._adapter.noise)
        columns = self._VALUES.columns | self._raw.columns | self._TAIL.columns
        super().__init__(kind, columns)
        self._name = name
        self.rows_max: int = rows_max
        self._models: list[Any] = []
        with no_panic(name):
            self._build()

    def add(self, n: int) -> Rows:
        """Make n new rows. Raises ValueError beyond `rows_max`."""
        rows_max = self.rows_max
        if len(self) + n > rows_max:
            raise ValueError(
                f"river: {self._name} keeps at most {rows_max} rows: watch fewer series (`only`), "
                "raise rows_max, or use detector seasonal"
            )
        rows = super().add(n)
        self._models.extend([None] * (self._size - len(self._models)))
        for row in rows:
            self._models[row] = self._build()
        return rows

    def drop(self, rows: Rows) -> None:
        """Give rows back; their models are freed."""
        super().drop(rows)
        for row in rows:
            self._models[row] = None

    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """Judge by the class's score of each value."""
        require_finite(values, context)
        shown, present = _per_exposure(values, context)
        cells = Cells(self._cells, rows)
        nats = np.where(present, self._nats(cells, self._read(cells, shown)), 0.0)
        warm = np.where(cells["tail_seen"] >= self._TAIL.settle, 1.0, np.nan)
        at, reach = self._VALUES.at(cells), BAND * self._VALUES.unit(cells)
        high = shown >= at
        return Judgement(
            up=warm * np.where(high, nats, 0.0),
            down=warm * np.where(high, 0.0, nats),
            expected=warm * at,
            lower=warm * (at - reach),
            upper=warm * (at + reach),
        )

    def learn(self, rows: Rows, values: Floats, context: Context) -> None:
        """Let each class learn its value, and the calibration the score it gave before."""
        require_finite(values, context)
        shown, present = _per_exposure(values, context)
        rows, shown = rows[present], shown[present]
        if not len(rows):
            return
        cells = Cells(self._cells, rows)
        raw = self._read(cells, shown)
        inputs = self._inputs(cells, shown)
        with no_panic(self._name):
            for row, given in zip(rows, inputs, strict=True):
                self._adapter.feed(self._models[row], given)
        self._VALUES.learn(cells, shown)
        if (known := np.isfinite(raw)).any():
            some = cells.some(known)
            strange = self._strangeness(some, raw[known])
            self._raw.learn(some, raw[known])
            self._TAIL.learn(some, strange)

    def _read(self, cells: Cells, values: Floats) -> Floats:
        inputs = self._inputs(cells, values)
        with no_panic(self._name):
            read = [
                self._adapter.read(self._models[row], given)
                for row, given in zip(cells.rows, inputs, strict=True)
            ]
        return np.array(read)

    def _nats(self, cells: Cells, raw: Floats) -> Floats:
        known = np.isfinite(raw)
        strange = self._strangeness(cells, np.where(known, raw, 0.0))
        return np.where(known, self._TAIL.score(cells, strange), 0.0).astype(float)

    def _strangeness(self, cells: Cells, raw: Floats) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return how far the class's score is above its usual one, in scales, >= 0."""
        return np.clip(self._raw.standard(cells, raw), 0, 1e9).astype(np.float32)

    def _inputs(self, cells: Cells, values: Floats) -> list[Input]:
        standard = np.clip(self._VALUES.standard(cells, values), -REACH, REACH)
        unit = self._VALUES.unit(cells)
        seen = cells["value_seen"] > 0
        bounded = np.where(seen, self._VALUES.at(cells) + standard * unit, values)
        columns = (values, bounded, standard, unit)
        return [Input(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    def _build(self) -> Any:
        return self._adapter.build(**self._settings)

    def dump(self, rows: Rows) -> bytes:
        """Refuse: raises TableMismatch, for this class has no codec."""
        raise TableMismatch(
            f"river: {self._name} has no codec, so its {len(rows)} rows cannot be stored; use it in "
            "`score` and `backtest`"
        )

    def load(self, data: bytes) -> Rows:
        """Refuse, as `dump`."""
        raise TableMismatch(f"river: {self._name} has no codec and cannot read {len(data)} bytes back")


def _per_exposure(values: Floats, context: Context) -> tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return value / exposure, and where there is any exposure."""
    if context.exposure is None:
        return values, np.ones(len(values), dtype=bool)
    present = context.exposure > 0
    return np.divide(values, context.exposure, out=np.zeros(len(values)), where=present), present
