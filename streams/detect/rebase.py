"""Rebasing detect: from the history it has learned from to the log it is to read."""

from streams.detect.detect import Detect
from streams.partial import NO_TIME


def rebase(detect: Detect) -> None:
    """Keep what was learned, forget where it came from: what follows comes from other sources.

    The time until then is missing data, not silence.
    """
    for pulse in detect.parts.pulses.values():
        passed = detect.frontier.passed(pulse.topics)
        pulse.cursor.restart(passed if passed > NO_TIME else None)
        pulse.kept.clear()
        pulse.miss()
    detect.parts.merge()
    for board in detect.parts.readers:
        board.clear()
    detect.frontier.leave_sources()
