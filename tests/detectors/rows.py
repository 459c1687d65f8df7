"""Banks of one window after the other, for tests of what surrounds a detector."""

import numpy as np

from detectors.alert import CHANGES
from detectors.bank import Bank, Window
from detectors.table import Context, Judgement, Table
from detectors.threshold import Threshold

CUTS = (9.4, 11.0, 12.7, 15.5)
STEP_MS = 300_000


class Echo(Table):
    """Calls 100 normal and takes a value's distance from it as nats; remembers what it learned."""

    NAME = "echo"
    CAUTIOUS = False

    def __init__(self, kind="count"):
        super().__init__(kind, {})
        self.learned: list[tuple[list[float], list[float]]] = []
        self.log: list[str] = []

    def score(self, rows, values, context):
        self.log.append("score")
        away = (values if context.exposure is None else 100 * values / context.exposure) - 100
        band = np.full(len(rows), 100.0)
        return Judgement(np.maximum(away, 0), np.maximum(-away, 0), band, band - 9.4, band + 9.4)

    def learn(self, rows, values, context):
        self.log.append("learn")
        self.learned.append((rows.tolist(), values.tolist()))


def window(number):
    return Window(number * STEP_MS, (number + 1) * STEP_MS)


def judge(bank, rows, values, number=0, *, volume=None, exposure=None):
    """Judge a window of the rows; volume as the values unless given."""
    values = np.asarray(values, float)
    volume = values if volume is None else np.asarray(volume, float)
    context = Context(STEP_MS / 1000, 0.0, None if exposure is None else np.asarray(exposure, float))
    return bank.judge(rows, values, volume, context, window(number))


def bank_of(*rules, rows=1, table=None):
    """Return a bank and, for each rule, its rows."""
    bank = Bank(Echo() if table is None else table, rules)
    return bank, [bank.admit(rule, rows) for rule in range(len(rules))]


def limit_bank(*rules, rows=1, above=(10, 20, 30, 40)):
    """Return a bank of hard bounds and, for each rule, its rows."""
    bounds = dict(zip(("IV", "III", "II", "I"), above, strict=True))
    return bank_of(*rules, rows=rows, table=Threshold("count", CUTS, above=bounds))


def changes(verdict):
    """Return the name of each entry's change, '' for none."""
    return [CHANGES[change - 1] if change else "" for change in verdict.change.tolist()]
