"""Silence: how surely a stream of events has stopped, given when and how it usually pauses."""

from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import Tail
from detectors.cells import Cells
from detectors.table import Column, Context, Floats, Judgement, Kind, Rows, Table, require_finite

HOUR_S, DAY_S, WEEK_S = 3_600.0, 86_400.0, 604_800.0
PRIOR_EVENTS = 1.0  # what a slot's parent is worth: one event, so one closed Saturday nearly suffices
KEEP_WEEK, KEEP_DAY = 0.85, 0.9  # of a slot's memory, per visit
LEVEL_MEMORY_S = 14 * DAY_S
WARMUP_WINDOWS, WARMUP_S = 30, DAY_S
ALARM_NATS = 8.0
ASLEEP_AFTER_S = 2 * DAY_S  # of alarm: then silence is the norm until the next event
BURST = 5.0  # a window counts for at most so many times its expectation, plus as many events


class Slots(NamedTuple):
    """Where each row's window lies: slot of the week, slot of the day, and its length.

    hours   length of the window
    visit   share of a slot that one window fills, (0, 1]
    """

    week: NDArray[np.int64]
    day: NDArray[np.int64]
    hours: Floats
    visit: Floats


class Asked(NamedTuple):
    """What was judged last, of what, and what came of it; copies but for the context."""

    rows: Rows
    values: Floats
    context: Context
    slots: Slots
    expected: Floats
    nats: Floats


class Silence(Table):
    """Score a run of empty windows by the events missed in it, against the pauses of the row's own past.

    Missed events = sum over the run of the expected rate: hour of the week, shrunk to hour of the day, shrunk
    to the level (Gamma-Poisson with a prior of one event). Measured so, the pauses of a Poisson stream are
    exponential at any hour and a learned closing time passes in no time. Nats = the calibrated tail of the
    row's own pauses: a bursty stream has long ones and is not called silent for one more.

    Only `down`, only while the window is empty. State: 392 numbers. Silent (NaN) until an event comes after
    30 windows with events and one day of age. Learning goes at half weight while in alarm; after two days of
    alarm the silence is adopted: 0 nats until the next event.
    """

    NAME: ClassVar[str] = "silence"
    CAUTIOUS: ClassVar[bool] = False  # that a feed must not stop is known, only its pauses are learned
    KINDS: ClassVar[frozenset[Kind]] = frozenset({"count"})
    # Q starts at the 98 % quantile of a Poisson stream's pauses; the prior's tail is a little heavier.
    _TAIL: ClassVar[Tail] = Tail(
        prefix="pause", start=3.9, floor=2.0, prior_n=20, prior_mean=0.3, settle=5, hurry=0
    )

    def __init__(self, kind: Kind) -> None:
        """Take counts. Raises ValueError for other kinds."""
        slots = {
            "week_events": Column("f4", (168,)),
            "week_hours": Column("f4", (168,)),
            "day_events": Column("f4", (24,)),
            "day_hours": Column("f4", (24,)),
        }
        scalars = ("events", "hours", "missed", "alarm_s", "active", "age_s", "ready")
        super().__init__(kind, slots | {name: Column("f8") for name in scalars} | self._TAIL.columns)
        self._asked: Asked | None = None

    def add(self, n: int) -> Rows:
        """See Columns.add."""
        self._asked = None
        return super().add(n)

    def score(self, rows: Rows, values: Floats, context: Context) -> Judgement:
        """Judge windows without events; a window with events gives 0."""
        cells = Cells(self._cells, rows)
        _, expected, nats = self._judged(cells, values, context)
        warm = np.where(cells["ready"] > 0, 1.0, np.nan)
        nothing = np.full(len(rows), np.nan)
        down = warm * nats
        return Judgement(0.0 * warm, down, warm * expected, nothing, nothing)

    def learn(self, rows: Rows, values: Floats, context: Context) -> None:
        """Count events and hours of the slot; end or lengthen the run of empty windows."""
        cells = Cells(self._cells, rows)
        slots, expected, nats = self._judged(cells, values, context)
        self._asked = None
        weight = np.where(nats > ALARM_NATS, 0.5, 1.0)
        self._learn_run(cells, values > 0, expected, nats, slots)
        counted = np.where(cells["ready"] > 0, np.minimum(values, BURST * (expected + 1)), values)
        uplift = np.ones(len(rows)) if context.exposure is None else np.maximum(context.exposure, 0)
        _learn_rates(cells, slots, weight * np.maximum(counted, 0), weight * slots.hours * uplift)
        _grow_up(cells, values > 0, slots.hours * HOUR_S)

    def judge_again(self, old: Judgement, values: Floats) -> Judgement:
        """Take the evidence back where a window has got events after all."""
        return old._replace(down=np.where(values > 0, 0.0 * old.down, old.down))

    def _judged(self, cells: Cells, values: Floats, context: Context) -> tuple[Slots, Floats, Floats]:
        """Return where the windows lie, the events expected and the nats: what `score` found, in `learn`."""
        asked = self._asked
        same = asked is not None and asked.context is context and np.array_equal(asked.rows, cells.rows)
        if asked is not None and same and np.array_equal(asked.values, values):
            return asked[3:]
        require_finite(values, context)
        slots = _slots(len(values), context)
        expected = self._expected(cells, slots, context)
        nats = self._nats(cells, values, expected)
        self._asked = Asked(cells.rows.copy(), values.copy(), context, slots, expected, nats)
        return slots, expected, nats

    def _nats(self, cells: Cells, values: Floats, expected: Floats) -> Floats:
        missed = (cells["missed"] + expected).astype(np.float32)
        silent = (values <= 0) & (cells["alarm_s"] < ASLEEP_AFTER_S)
        return np.where(silent, self._TAIL.score(cells, missed), 0.0)

    def _learn_run(
        self, cells: Cells, ended: NDArray[np.bool_], expected: Floats, nats: Floats, slots: Slots
    ) -> None:
        if (paused := ended & (cells["missed"] > 0)).any():
            some = cells.some(paused)
            self._TAIL.learn(some, some["missed"].astype(np.float32))
        asleep = cells["alarm_s"] >= ASLEEP_AFTER_S
        alarmed = (nats > ALARM_NATS) | asleep
        cells["alarm_s"] = np.where(ended, 0, cells["alarm_s"] + alarmed * slots.hours * HOUR_S)
        # Asleep, nothing is missed any more: the run's length stands still.
        cells["missed"] = np.where(ended, 0, cells["missed"] + np.where(asleep, 0, expected))

    def _expected(self, cells: Cells, slots: Slots, context: Context) -> Floats:
        """Return the events expected in each window."""
        level = cells["events"] / np.maximum(cells["hours"], 1e-12)
        rate = _shrunk(cells.slot("day_events", slots.day), cells.slot("day_hours", slots.day), level)
        rate = _shrunk(cells.slot("week_events", slots.week), cells.slot("week_hours", slots.week), rate)
        uplift = 1.0 if context.exposure is None else np.maximum(context.exposure, 0)
        expected: Floats = rate * slots.hours * uplift
        return expected


def _grow_up(cells: Cells, seen: NDArray[np.bool_], step_s: Floats) -> None:
    """Turn ready at an event: a pause that began before the rates were known is not judged."""
    old = (cells["active"] >= WARMUP_WINDOWS) & (cells["age_s"] >= WARMUP_S)
    cells["ready"] = np.maximum(cells["ready"], old & seen)
    cells["active"] = cells["active"] + seen
    cells["age_s"] = cells["age_s"] + step_s


def _shrunk(events: Floats, hours: Floats, parent: Floats) -> Floats:
    """Return events per hour, as if PRIOR_EVENTS had come at the parent's rate before."""
    prior_hours = PRIOR_EVENTS / np.maximum(parent, 1e-12)
    rate: Floats = (events.astype(float) + PRIOR_EVENTS) / (hours + prior_hours)
    return rate


def _learn_rates(cells: Cells, slots: Slots, events: Floats, hours: Floats) -> None:
    for name, slot, keep in (("week", slots.week, KEEP_WEEK), ("day", slots.day, KEEP_DAY)):
        kept = keep**slots.visit
        for what, amount in (("events", events), ("hours", hours)):
            column = f"{name}_{what}"
            cells.set_slot(column, cells.slot(column, slot) * kept + amount, slot)
    kept = np.exp(-slots.hours * HOUR_S / LEVEL_MEMORY_S)
    cells["events"] = cells["events"] * kept + events
    cells["hours"] = cells["hours"] * kept + hours


def _slots(n: int, context: Context) -> Slots:
    """Return slots one hour wide, or as wide as the window where that is longer."""
    step_s = np.zeros(n) + context.step_s
    week_s = (np.zeros(n) + context.week_s) % WEEK_S
    width_s = np.maximum(step_s, HOUR_S)
    return Slots(
        week=(week_s // width_s).astype(np.int64),
        day=(week_s % DAY_S // width_s).astype(np.int64),
        hours=step_s / HOUR_S,
        visit=np.minimum(step_s / width_s, 1.0),
    )
