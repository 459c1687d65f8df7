"""River classes whose rows can be stored: numbers with River's version beside them."""

import struct
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import river

from detectors.river import ROWS_MAX, River
from detectors.river_codec import CODECS
from detectors.river_model import no_panic
from detectors.table import Kind, Rows, Table, TableMismatch

_HEADER = struct.Struct("<4s16s40sQQ")


class DurableRiver(River):
    """A River class with a codec. Stored rows fit the same class, parameters and version of River only."""

    DURABLE: ClassVar[bool] = True

    def dump(self, rows: Rows) -> bytes:
        """Return header, one block of float64 per row's model, and the rows' columns."""
        codec = CODECS[self._name]
        states = [codec.numbers(self._models[row]).astype("<f8") for row in rows]
        numbers = len(states[0]) if states else 0
        head = _HEADER.pack(b"FHRV", river.__version__.encode(), self._name.encode(), len(rows), numbers)
        return head + b"".join(state.tobytes() for state in states) + Table.dump(self, rows)

    def load(self, data: bytes) -> Rows:
        """Add dumped rows. Raises TableMismatch for another class, parameters, or version of River."""
        n, numbers = self._check_header(data)
        at = _HEADER.size + 8 * n * numbers
        rows = Table.load(self, data[at:])
        states = np.frombuffer(data[_HEADER.size : at], dtype="<f8").reshape(n, numbers)
        with no_panic(self._name):
            for row, state in zip(rows, states, strict=True):
                CODECS[self._name].restore(self._models[row], state)
        return rows

    def _check_header(self, data: bytes) -> tuple[int, int]:
        if len(data) < _HEADER.size:
            raise TableMismatch(f"river: dump of {self._name} is cut off")
        magic, version, name, n, numbers = _HEADER.unpack_from(data)
        have = (b"FHRV", river.__version__, self._name)
        if (magic, version.rstrip(b"\0").decode(), name.rstrip(b"\0").decode()) != have:
            raise TableMismatch(f"river: dump of another class or version (have {self._name}, {have[1]})")
        fresh = len(CODECS[self._name].numbers(self._build()))
        if numbers != (fresh if n else 0) or len(data) < _HEADER.size + 8 * n * numbers:
            raise TableMismatch(f"river: dump of {self._name} with other parameters, or cut off")
        return n, numbers


def build_river(
    kind: Kind, name: str, settings: Mapping[str, object] | None = None, *, rows_max: int = ROWS_MAX
) -> River:
    """Return a table of the class: one that can be stored where there is a codec for it.

    Raises ValueError, saying what is allowed, if the class or a parameter is not.
    """
    table = DurableRiver if name in CODECS else River
    return table(kind, name, settings, rows_max=rows_max)
