"""Joint: several counts of one entity as a vector; finds what no single one of them shows."""

import struct
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from detectors import distance
from detectors.calibration import Tail
from detectors.columns import Rows
from detectors.phase import YOUNG_DAYS
from detectors.rarity import Rarity
from detectors.river_scale import Scale
from detectors.seasonal.evidence import YOUNG_OFF
from detectors.seasonal.experience import learn as learn_season
from detectors.seasonal.pace import DAY_S
from detectors.table import Context, Floats, Judgement, Kind, Table, TableMismatch, require_finite
from detectors.vector import SQUARE_MAX, Vector, columns, read_vector

if TYPE_CHECKING:
    from detectors.forest import Forest

FOREST_SHARE = 0.5  # of the false alarms, left to the trees
TREES = Rarity(Scale("trees", absolute_min=0.1), Tail("trees_tail"))
HEIGHTS = range(1, 13)
WARM = 100  # vectors before the distance speaks

_HEADER = struct.Struct("<4sQQ")


class Asked(NamedTuple):
    """What was read last, and of what."""

    rows: Rows
    values: Floats
    context: Context
    vector: Vector


class Joint(Table):
    """Nats against the counts of an entity standing to each other as they usually do.

    Each part has a seasonal expectation of its own. Its residuals, smoothed, make a vector, judged by two
    members: Mahalanobis' distance (how far, given how the parts usually move together) and half-space trees
    (how few vectors were ever near). Each member answers for its share of the false alarms: from the nats of
    each -ln of that share is taken off, and the greater counts.

    The value shown is the distance over its usual one. There is no side: the evidence stands in both. Values
    and exposure are (part, row). A closed window is not judged again: what one late event changes in a vector
    is little.

    Silent (NaN) for 100 vectors; the trees for `window_size` and 100 more. Until a row is 14 days old, 1.8
    nats are taken off and grade IV is the worst: the first Monday is a surprise. What lasts for
    `adopt_after_s` becomes the norm.

    memory        vectors after which the covariance forgets
    window_size   vectors that a generation of trees has seen; `height`: theirs
    rows_max      a row has ten trees, 40 kB stored and about 60 us a window

    Source: Mahalanobis (1936) on smoothed residuals, as in multivariate EWMA (Lowry et al., 1992).
    """

    NAME: ClassVar[str] = "joint"
    KINDS: ClassVar[frozenset[Kind]] = frozenset({"vector"})

    def __init__(
        self,
        kind: Kind = "vector",
        grades: tuple[float, float, float, float] = (9.4, 11.0, 12.7, 15.5),
        parts: int = 2,
        *,
        memory: int = 1000,
        window_size: int = 288,
        height: int = 8,
        rows_max: int = 500,
        adopt_after_s: float = DAY_S,
    ) -> None:
        """Take the number of counts in a vector. Raises ValueError for a parameter out of bounds."""
        if memory < 2 * parts:
            raise ValueError(f"joint: memory must be {2 * parts} vectors or more, not {memory}")
        if window_size < 2 or height not in HEIGHTS:
            raise ValueError(
                f"joint: window_size must be 2 or more and height 1 to 12, not {window_size} and {height}"
            )
        super().__init__(kind, columns(parts) | TREES.columns)
        self.parts = parts
        self._memory, self._adopt_after_s = memory, adopt_after_s
        self.rows_max: int = rows_max
        self._window_size, self._height = window_size, height
        self._mildest = grades[0]
        self._upper = _distance_at(grades[0], parts)
        self._asked: Asked | None = None

    @property
    def row_bytes(self) -> int:
        """Bytes of state a row has, its trees included."""
        return super().row_bytes + self._forest.row_bytes

    def add(self, n: int) -> Rows:
        """Make n new rows. Raises ValueError beyond `rows_max`."""
        if len(self) + n > self.rows_max:
            raise ValueError(
                f"joint keeps at most {self.rows_max} vectors: watch fewer (`only`), or raise rows_max"
            )
        rows = super().add(n)
        self["covariance"][..., rows] = np.eye(self.parts)[..., None]
        self._forest.add(rows)
        self._asked = None
        return rows

    def drop(self, rows: Rows) -> None:
        """Give rows back; their trees are freed."""
        super().drop(rows)
        self._forest.drop(rows)
        self._asked = None

    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """Judge one vector per row."""
        far, rare = self.members(rows, values, context)
        nats = np.maximum(far + np.log1p(-FOREST_SHARE), np.nan_to_num(rare) + np.log(FOREST_SHARE))
        young = self._read(rows, values, context).young
        nats = np.maximum(np.where(young, np.minimum(nats - YOUNG_OFF, self._mildest), nats), 0)
        band = np.where(np.isnan(far), np.nan, 1.0)
        return Judgement(nats, nats, band, 0 * band, self._upper * band)

    @property
    def familiar(self) -> Floats:
        """Two weeks: grade IV is the worst until then, whatever the day."""
        return np.full(7, YOUNG_DAYS)

    def members(self, rows: Rows, values: Floats, context: Context) -> tuple[Floats, Floats]:
        """Return the nats of the distance and of the trees, each NaN while that member warms up."""
        vector = self._read(rows, values, context)
        warm = np.where(vector.cells["vectors"] >= WARM, 1.0, np.nan)
        far = warm * distance.nats_of(vector.square, self.parts)
        return far, TREES.score(vector.cells, self._forest.read(rows, vector.standard))

    def shown(self, rows: Rows, values: Floats, context: Context) -> Floats:
        """Return the distance over its usual one."""
        far: Floats = np.sqrt(self._read(rows, values, context).square / self.parts)
        return far

    def learn(self, rows: Rows, values: Floats, context: Context) -> None:
        """Take the same vectors as experience."""
        vector = self._read(rows, values, context)
        self._asked = None
        cells, vectors = vector.cells, vector.cells["vectors"]
        TREES.learn(cells, self._forest.read(rows, vector.standard))
        self._forest.learn(rows, vector.standard)
        cells["covariance"] = distance.learned(cells["covariance"], vector.smoothed, vectors, self._memory)
        cells["smoothed"], cells["change"], cells["vectors"] = vector.smoothed, vector.change, vectors + 1
        learn_season(vector.parts, self._adopt_after_s)

    def moved(self, row: int) -> list[tuple[int, float]]:
        """Return the parts that made the last distance, the most first, and how far each is off (-0.2)."""
        y, covariance = self["smoothed"][:, [row]], self["covariance"][..., [row]]
        pull = (y * distance.weights_of(y, covariance))[:, 0]
        order = np.argsort(-pull, kind="stable")
        return [(int(i), float(self["change"][i, row])) for i in order if pull[i] >= 0.1 * pull.sum() > 0]

    def judge_again(self, old: Judgement, values: Floats) -> Judgement:  # noqa: ARG002 (the contract's)
        """Leave the judgement as it was."""
        return old

    def dump(self, rows: Rows) -> bytes:
        """Return header, the rows' trees, and their columns."""
        trees = self._forest.dump(rows)
        return _HEADER.pack(b"FHJT", len(rows), len(trees)) + trees + super().dump(rows)

    def load(self, data: bytes) -> Rows:
        """Add dumped rows. Raises TableMismatch for other parameters, version or layout."""
        if len(data) < _HEADER.size:
            raise TableMismatch("joint: dump is cut off")
        magic, n, size = _HEADER.unpack_from(data)
        whole = _HEADER.size + size
        if magic != b"FHJT" or size != n * self._forest.row_bytes or len(data) < whole:
            raise TableMismatch("joint: dump of another detector or other trees, or cut off")
        rows = super().load(data[whole:])
        if len(rows) != n:
            raise TableMismatch("joint: as many trees as rows are needed")
        self._forest.load(rows, data[_HEADER.size : whole])
        return rows

    @cached_property
    def _forest(self) -> "Forest":
        from detectors.forest import Forest  # noqa: PLC0415 (River takes a second to import: only when it runs)

        return Forest(self.parts, self._window_size, self._height)

    def _read(self, rows: Rows, values: Floats, context: Context) -> Vector:
        asked = self._asked
        same = asked is not None and asked.context is context and np.array_equal(asked.rows, rows)
        if asked is not None and same and np.array_equal(asked.values, values):
            return asked.vector
        require_finite(values, context)
        vector = read_vector(self._cells, rows, np.reshape(values, (self.parts, -1)), context)
        self._asked = Asked(rows.copy(), values.copy(), context, vector)
        return vector


def _distance_at(nats: float, parts: int) -> float:
    """Return the distance over its usual one that is worth so many nats."""
    low, high = 0.0, SQUARE_MAX
    for _ in range(60):
        middle = (low + high) / 2
        if distance.nats_of(np.array([middle]), parts)[0] < nats:
            low = middle
        else:
            high = middle
    return float(np.sqrt(high / parts))
