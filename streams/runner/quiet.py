"""Logs that say a thing once in a while: a client without a broker repeats itself ten times a second."""

import logging
import time
from collections.abc import Callable

EVERY_S = 30.0


class Once(logging.Filter):
    """Lets a warning (before its arguments are put in) of a logger pass at most once in `every_s` seconds."""

    def __init__(self, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._every_s = every_s
        self._clock = clock
        self._said_s: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written; what is no warning always is."""
        if record.levelno < logging.WARNING:
            return True
        now_s = self._clock()
        key = (record.name, str(record.msg))
        if now_s - self._said_s.get(key, -self._every_s) < self._every_s:
            return False
        self._said_s[key] = now_s
        return True


class Heard(logging.Filter):
    """Lets nothing pass, keeps the errors that the records are about: a client may tell them nowhere else."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the errors among the record's arguments."""
        arguments = record.args if isinstance(record.args, tuple) else ()
        self.errors += [each for each in arguments if isinstance(each, BaseException)]
        return False
