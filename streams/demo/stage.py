"""The stage: a broker, topics and a worker of the demo's own, gone when it ends."""

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from streams.failure import Failure
from streams.kafka.local import Broker
from streams.runner.supervisor import child_command
from streams.settings import Settings

READY_S = 60.0
END_S = 15.0
POLL_S = 0.2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoRunning(Failure):
    """Another demo uses the folder."""


class WorkerGone(Failure):
    """The worker ended by itself, or does not begin."""


def ended_by_signals() -> AbstractContextManager[None]:
    """Let SIGTERM and SIGHUP (the terminal was closed) end the block as Ctrl-C does: in order."""
    return _signals_handled(signal.default_int_handler)


def _undisturbed() -> AbstractContextManager[None]:
    """Ignore signals while children are ended: an impatient second Ctrl-C must leave none behind."""
    return _signals_handled(signal.SIG_IGN)


@contextmanager
def _signals_handled(by: Callable[[int, FrameType | None], Any] | signal.Handlers) -> Iterator[None]:
    """Handle SIGNALS in another way while the block runs."""
    before = {number: signal.signal(number, by) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def local_kafka(folder: Path, jars: Path) -> Iterator[str]:
    """Run a fresh broker and yield its address. Raises DemoRunning, and what Broker.start raises."""
    broker = Broker(folder, jars)
    if broker.pid is not None:
        raise DemoRunning(
            f"a demo runs already in {folder.parent} (its Kafka is process {broker.pid}): end it with Ctrl-C,"
            f" or, if only its Kafka is left, with `fenghuo kafka down --data {folder}`"
        )
    broker.remove()
    try:
        broker.start()
        yield broker.bootstrap_servers
    finally:
        with _undisturbed():
            broker.stop()


def write_config(path: Path, settings: Mapping[str, str | Mapping[str, str | int]]) -> None:
    """Write a fenghuo.yaml of sections one deep."""
    lines = ["# The demo's settings, over the shipped catalogue."]
    for name, section in settings.items():
        if isinstance(section, str):
            lines.append(f"{name}: {json.dumps(section)}")
        else:
            lines += [f"{name}:", *(f"  {key}: {json.dumps(value)}" for key, value in section.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, ""]))


class Worker:
    """A `fenghuo worker` in a process of its own; as a context manager it ends with the block."""

    def __init__(self, config: Path, log: Path) -> None:
        self._command = child_command("worker", ["--config", str(config)])
        self._log = log

    def __enter__(self) -> "Worker":
        # A process group of its own: Ctrl-C is for the demo, which ends it. Should the demo be killed, the
        # worker sees its stdin closed and ends too.
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 (ourselves)
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log, process_group=0
            )
        return self

    def __exit__(self, *_: object) -> None:
        with _undisturbed():
            self._process.terminate()
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def check(self) -> None:
        """Raise WorkerGone if it does not run any more."""
        if self._process.poll() is not None:
            raise WorkerGone(f"the worker ended with code {self._process.returncode}; see {self._log}")

    def wait_until_ready(self, settings: Settings) -> None:
        """Return when /-/ready says so. Raises WorkerGone if it ends, or is not ready within a minute."""
        until_s = time.monotonic() + READY_S
        while time.monotonic() < until_s:
            self.check()
            try:
                fetch(settings, "/-/ready")
            except OSError:
                time.sleep(POLL_S)
            else:
                return
        raise WorkerGone(f"the worker is not ready after {READY_S:.0f} s; see {self._log}")


def fetch(settings: Settings, page: str) -> str:
    """Return a page of the worker's server. Raises OSError if it does not answer, or with an error."""
    url = f"http://{settings.server.host}:{settings.server.port}{page}"
    with urllib.request.urlopen(url, timeout=10) as response:
        text: str = response.read().decode()
        return text
