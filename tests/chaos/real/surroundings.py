"""What stands around a worker: Prometheus and Alertmanager as shipped, each killed and started again."""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from streams.kafka.port import free_port
from tests.deploy.stack import (
    alertmanager_command,
    alertmanager_config,
    is_ready,
    prometheus_command,
    prometheus_config,
    until,
)


class Part:
    """A program with a port and a folder of its own. Killed, it keeps both."""

    def __init__(self, arguments: Sequence[str], port: int, log: Path) -> None:
        self.address = f"127.0.0.1:{port}"
        self.url = f"http://{self.address}"
        self._arguments, self._log = arguments, log
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start; return when it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._arguments, stdout=log, stderr=subprocess.STDOUT)
        until(lambda: is_ready(f"{self.url}/-/ready"), f"{self._arguments[0]}: {self._log}")

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


def alertmanager(folder: Path, receiver: str) -> Part:
    """Start Alertmanager with the shipped tree, at the shipped pace."""
    folder.mkdir()
    port = free_port()
    command = alertmanager_command(folder, alertmanager_config(folder, receiver), port)
    return Part(command, port, folder / "log")


def prometheus(folder: Path, worker: str, manager: str) -> Part:
    """Start Prometheus with the shipped configuration, at the shipped pace."""
    folder.mkdir()
    port = free_port()
    command = prometheus_command(folder, prometheus_config(worker, manager), port)
    return Part(command, port, folder / "log")
