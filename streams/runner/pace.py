"""The pace of an owner: when the next transaction is due."""

from typing import NamedTuple

CATCH_UP_PAUSE_S = 1.0
URGENT_GAP_S = 0.1  # somebody waits for a window that has closed: no less than this lies between two
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

    @property
    def hurried(self) -> bool:
        """Whether it is latency that counts, not throughput."""
        return self.urgent and self.applied < FLUSH_RECORDS and (self.ended or not self.behind)


class Last(NamedTuple):
    """When an owner last did what, in seconds of the monotonic clock.

    committed_s  anything
    urged_s      because somebody waited
    looked_s     had a look whether there is anything to commit, and was done with it
    """

    committed_s: float
    urged_s: float
    looked_s: float


def next_s(pace: Pace, work: Work, last: Last) -> float:
    """Return when to commit next.

    Who waits for a window does not wait because something else was committed just before.
    """
    if work.applied >= FLUSH_RECORDS:
        return last.committed_s
    if work.hurried:
        return last.urged_s + min(pace.gap_s, URGENT_GAP_S)
    gap_s = max(pace.gap_s, CATCH_UP_PAUSE_S if work.behind and not work.ended else 0.0)
    ceiling_s = 0.0 if work.urgent else max(pace.ceiling_s, CEILING_MIN_S)
    return max(last.committed_s + gap_s, last.looked_s + ceiling_s)
