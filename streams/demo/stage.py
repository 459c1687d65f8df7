"""The stage: a broker and a worker of the demo's own, gone when it ends."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.failure import Failure
from streams.kafka.local import Broker
from streams.runner.supervisor import worker_command
from streams.settings import Settings

READY_S = 60.0
END_S = 15.0
POLL_S = 0.2


class DemoRunning(Failure):
    """Another demo uses the folder."""


class WorkerGone(Failure):
    """The worker ended by itself."""


@contextmanager
def local_kafka(folder: Path, jars: Path) -> Iterator[str]:
    """Run a fresh broker and yield its address. Raises DemoRunning, and what Broker.start raises."""
    broker = Broker(folder, jars)
    if broker.pid is not None:
        raise DemoRunning(
            f"a demo is running already in {folder} (its Kafka is process {broker.pid}): end it first"
        )
    broker.remove()
    try:
        broker.start()
        yield broker.bootstrap_servers
    finally:
        broker.stop()


def write_config(path: Path, settings: dict[str, object]) -> None:
    """Write a fenghuo.yaml; JSON is YAML, one section a line is readable enough."""
    lines = [f"{name}: {json.dumps(section, ensure_ascii=False)}" for name, section in settings.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["# The demo's settings over the shipped catalogue.", *lines, ""]))


class Worker:
    """A `fenghuo worker` in a process of its own; as a context manager it ends with the block."""

    def __init__(self, config: Path, log: Path) -> None:
        self._command = worker_command(["--config", str(config)])
        self._log = log

    def __enter__(self) -> "Worker":
        # A process group of its own: Ctrl-C reaches it through us. It ends when our end of stdin is closed.
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 (ourselves)
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log, process_group=0
            )
        return self

    def __exit__(self, *_: object) -> None:
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
        url, until_s = (
            f"http://{settings.server.host}:{settings.server.port}/-/ready",
            time.monotonic() + READY_S,
        )
        while time.monotonic() < until_s:
            self.check()
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except OSError:
                time.sleep(POLL_S)
        raise WorkerGone(f"the worker is not ready after {READY_S:.0f} s; see {self._log}")


def metrics(settings: Settings) -> str:
    """Return what /metrics says now."""
    url = f"http://{settings.server.host}:{settings.server.port}/metrics"
    with urllib.request.urlopen(url, timeout=10) as response:
        text: str = response.read().decode()
        return text
