"""A supervisor: starts a worker again when it ended because of an error, with growing pauses.

Workers are crash-only: they end on every error and rebuild their state from what was committed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

import click

from streams.failure import FAILED, FINDINGS, USAGE
from streams.runner.exit_code import DONE

FINAL = (DONE, FAILED, USAGE, FINDINGS)  # started again it would only say the same
PAUSES_S = (0.5, 1, 2, 5, 10, 30)
STEADY_S = 60.0  # a worker that ran so long starts the pauses from the beginning


class Supervisor:
    """Runs one command in a child process until it ends for good.

    The child has its own process group, so that Ctrl-C reaches it once, through us. It reads a pipe of ours
    on stdin and so learns when we are gone.
    """

    def __init__(self, command: Sequence[str], sleep: Callable[[float], None] = time.sleep) -> None:
        self._command = command
        self._sleep = sleep
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def run(self) -> int:
        """Return the exit code of the last child."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)
        attempt = 0
        while True:
            started = time.monotonic()
            code = self._once()
            if self._stopping or code in FINAL:
                return code
            attempt = 0 if time.monotonic() - started > STEADY_S else attempt + 1
            pause_s = PAUSES_S[min(attempt, len(PAUSES_S)) - 1] if attempt else PAUSES_S[0]
            click.echo(f"fenghuo: {_how(code)}; starting again in {pause_s:g} s", err=True)
            self._sleep(pause_s)
            if self._stopping:
                return DONE

    def _once(self) -> int:
        self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, process_group=0)  # noqa: S603 (ourselves)
        with self._child:
            return self._child.wait()

    def _handle(self, number: int, _: FrameType | None) -> None:
        """Pass the first signal on as SIGTERM (drain), any further one as SIGKILL."""
        first, self._stopping = not self._stopping, True
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM if first else signal.SIGKILL)
        elif not first:
            os._exit(128 + number)


def child_command(name: str, arguments: Sequence[str]) -> list[str]:
    """Return the command line of a child that runs `fenghuo NAME` under this supervisor."""
    return [sys.executable, "-m", "streams.cli.main", name, "--no-supervise", "--watch-stdin", *arguments]


def _how(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
