"""What stands around a worker: Prometheus and Alertmanager as shipped, each killed and started again."""

import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from streams.kafka.port import free_port
from tests.deploy.program import DEPLOY, program
from tests.deploy.stack import is_ready, until


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
    """Start Alertmanager with the shipped tree, at the shipped pace, whatever the hour."""
    folder.mkdir()
    (folder / "token").write_text("let-me-in")
    text = (DEPLOY / "alertmanager/alertmanager.yml").read_text()
    text = text.replace("http://receiver:8080", receiver)
    text = text.replace("/run/secrets/alertmanager_receiver_token", str(folder / "token"))
    (folder / "config.yml").write_text(text)
    port = free_port()
    arguments = [
        program("prometheus-alertmanager"),
        f"--config.file={folder / 'config.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    return Part(arguments, port, folder / "log")


def prometheus(folder: Path, worker: str, manager: str) -> Part:
    """Start Prometheus with the shipped configuration, at the shipped pace."""
    folder.mkdir()
    text = (DEPLOY / "prometheus/prometheus.yml").read_text()
    text = text.replace("worker:9464", worker).replace("alertmanager:9093", manager)
    text = re.sub(r"  - job_name: fenghuo-courier\n.*?\n\n", "", text, flags=re.DOTALL)
    text = text.replace("rules/*.yaml", str(DEPLOY / "prometheus/rules/*.yaml"))
    (folder / "config.yml").write_text(text)
    port = free_port()
    arguments = [
        program("prometheus"),
        f"--config.file={folder / 'config.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    return Part(arguments, port, folder / "log")
