"""An alert: an episode of one series at grade >= 1, told as a row of transitions."""

import hashlib
from dataclasses import dataclass, field
from typing import Literal, get_args

Change = Literal["opened", "escalated", "downgraded", "resolved", "restated", "acknowledged"]
CHANGES: tuple[Change, ...] = get_args(Change)
GRADE_NAMES = ("", "IV", "III", "II", "I")
COLOURS = ("", "blue", "yellow", "orange", "red")


@dataclass(frozen=True, slots=True)
class Alert:
    """One transition of an alert. Times are epoch ms of event time; numbers are in the metric's own unit.

    `actual`, `expected`, `lower`, `upper` are None where there is none. `state`: how well the series is known
    (detectors/phase.py), empty where nothing is learned about it.
    """

    alert_id: str
    transition: Change
    sequence: int
    monitor: str
    kind: str
    metric: str
    entity: str
    grade: int
    window_start_ms: int
    window_end_ms: int
    since_ms: int
    actual: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    score: float
    historical: bool = False
    exposure: float | None = None
    direction: Literal["up", "down", ""] = ""
    unit: str = ""
    owner: str = ""
    respond_within_s: int = 0
    runbook_url: str = ""
    action: str = ""
    text: str = ""
    late_ratio: float = 0.0
    lag_s: float | None = None
    verdict: Literal["business", "pipeline"] = "business"
    evidence: tuple[str, ...] = field(default=())
    state: str = ""
    acknowledged_by: str = ""

    @property
    def change(self) -> float | None:
        """Relative deviation, actual / expected - 1; None where there is no expectation."""
        if self.actual is None or self.expected is None or self.expected == 0:
            return None
        return self.actual / self.expected - 1

    @property
    def duration_s(self) -> float:
        """Seconds from the start of the first window at grade >= 1 to the end of this one."""
        return (self.window_end_ms - self.since_ms) / 1000


def alert_id_of(shop: str, monitor: str, series: str, opened_end_ms: int) -> str:
    """Return the id of an episode: frozen at its first window, the same on every replay."""
    text = "\x1f".join((shop, monitor, series, str(opened_end_ms)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
