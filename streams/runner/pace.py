"""The pace of an owner: when the next transaction is due."""

from typing import NamedTuple

CATCH_UP_PAUSE_S = 1.0
URGENT_GAP_S = 0.1  # somebody waits for a window that has closed: no more than this lies between two
CEILING_MIN_S = 0.01
FLUSH_RECORDS = 50_000  # so many are worth a transaction at once


class Pace(NamedTuple):
    """How often an owner commits, in seconds."""

    ceiling_s: float  # outputs that nobody waits for
    gap_s: float  # least time between two transactions, shares the worker's budget among its owners
    checkpoint_s: float


class Work(NamedTuple):
    """What an owner has applied and not committed.

    applied  records
    due      somebody waits for what the machine has to say
    behind   the records are old: throughput goes before latency
    ended    there are no more of them
    """

    applied: int
    due: bool
    behind: bool
    ended: bool

    @property
    def urgent(self) -> bool:
        """Whether a transaction is wanted now.

        Only what was applied can be urgent: a machine that is `due` without outputs must not spin us.
        What ends a backlog has waited long enough.
        """
        full = self.applied >= FLUSH_RECORDS
        return self.applied > 0 and (self.due or full or (self.behind and self.ended))


def next_s(pace: Pace, work: Work, committed_s: float, woken_s: float) -> float:
    """Return when to commit next, from when that was done last and when it was last looked at."""
    behind = work.behind and not work.ended
    gap_s = max(pace.gap_s, CATCH_UP_PAUSE_S if behind else 0.0)
    if work.urgent and not behind:
        gap_s = min(gap_s, URGENT_GAP_S)
    if work.applied >= FLUSH_RECORDS:
        gap_s = 0.0
    ceiling_s = 0.0 if work.urgent else max(pace.ceiling_s, CEILING_MIN_S)
    return max(committed_s + gap_s, woken_s + ceiling_s)
