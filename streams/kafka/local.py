"""A local Kafka broker (one KRaft node on 127.0.0.1) for the demo, for trying things out and for tests."""

import os
import shutil
import signal
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.kafka.jars import LocalKafkaFailure, fetch, program
from streams.kafka.port import HOST, answers, free_port, listens

POLL_S = 0.05
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
log.dirs={logs}
# Topics are made by `fenghuo topics apply`: a misspelt name is an error, not a new topic.
auto.create.topics.enable=false
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# A worker that was killed is noticed within seconds.
group.min.session.timeout.ms=1000
controlled.shutdown.enable=false
# A broker that was killed may join again when its last session has run out.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


class PortTaken(LocalKafkaFailure):
    """Something else listens on the port."""


class BrokerSilent(LocalKafkaFailure):
    """The broker did not answer, or ended while it started."""


class Broker:
    """One broker and its data folder: jars, `server.properties`, log segments, `broker.log`, `broker.pid`.

    Two objects on one folder mean the same broker: what `start` of one left running, `stop` of another ends.
    As a context manager: starts on a free port, stops at the end. Not thread-safe.
    """

    def __init__(self, data: Path = Path("fenghuo-data/kafka"), jars: Path | None = None) -> None:
        """Take the folders: `data` is made when missing, `jars` caches the jars (None: inside `data`)."""
        self.data = data.resolve()
        self.jars = self.data if jars is None else jars
        self._properties = self.data / "server.properties"
        self._pid_file = self.data / "broker.pid"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the process id of the running broker, None when it does not run."""
        if self._process is not None and self._process.poll() is None and _runs(self._process.pid):
            return self._process.pid
        try:
            pid = int(self._pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        # The id may have been given to another program since: it is ours only with our properties.
        return pid if os.fsencode(self._properties) in command.split(b"\0") else None

    @property
    def port(self) -> int:
        """Return the port of the running (or last) broker. Raises LocalKafkaFailure if it never started."""
        try:
            listeners = dict(_settings_of(self._properties))["listeners"]
        except OSError as error:
            raise LocalKafkaFailure(
                f"no broker was started in {self.data}: run `fenghuo kafka up`"
            ) from error
        return int(listeners.split(",")[0].rpartition(":")[2])

    @property
    def bootstrap_servers(self) -> str:
        """Return `host:port` for clients."""
        return f"{HOST}:{self.port}"

    def start(self, port: int = 0, timeout_s: float = 60.0) -> None:
        """Start in the background and wait until the broker answers; nothing happens if it runs already.

        port: 0 takes a free one.

        Raises ProgramMissing, JarsMissing, PortTaken, or BrokerSilent after `timeout_s`.
        """
        if self.pid is not None:
            return
        port = port or free_port()
        if listens(port):
            raise PortTaken(
                f"port {port} is taken by another program: choose another one (`--port 9192`), or see who "
                f"listens with `ss -ltnp 'sport = :{port}'`"
            )
        java = [program("java"), "-cp", f"{fetch(self.jars)}/*", QUIET]
        self._write_properties(port)
        self._format(java)
        with (self.data / "broker.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 (java with our own arguments)
                [*java, "-Xmx512m", "kafka.Kafka", str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the broker in order
            )
        self._pid_file.write_text(str(self._process.pid))
        try:
            self._wait(port, timeout_s)
        except BaseException:  # also Ctrl-C: no half-started broker stays behind
            self.kill()
            raise

    def stop(self, timeout_s: float = 30.0) -> None:
        """End the broker in order; kill it if it has not ended after `timeout_s`."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            if not _gone(pid, time.monotonic() + timeout_s):
                self.kill()
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the broker at once (SIGKILL), as a crash does; the data folder stays."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            _gone(pid, time.monotonic() + 10)
        self._pid_file.unlink(missing_ok=True)

    def restart(self) -> None:
        """Start again on the port it had, stopped or killed before or not."""
        port = self.port
        self.stop()
        self.start(port)

    def remove(self) -> None:
        """Stop the broker and delete its log segments; the jars stay."""
        self.stop()
        shutil.rmtree(self.data / "logs", ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _write_properties(self, port: int) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        values = {"host": HOST, "port": port, "controller_port": free_port(), "logs": self.data / "logs"}
        self._properties.write_text(PROPERTIES.format_map(values))

    def _format(self, java: list[str]) -> None:
        if (self.data / "logs" / "meta.properties").exists():
            return
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self._properties)]
        done = subprocess.run([*java, *tool], capture_output=True, text=True, check=False)  # noqa: S603 (as above)
        if done.returncode != 0:
            raise BrokerSilent(f"Kafka could not format {self.data}/logs:\n{done.stdout}{done.stderr}")

    def _wait(self, port: int, timeout_s: float) -> None:
        until = time.monotonic() + timeout_s
        while not answers(port):
            if self.pid is None or time.monotonic() > until:
                how = "ended while starting" if self.pid is None else f"does not answer within {timeout_s} s"
                raise BrokerSilent(f"the broker {how}; the end of {self.data}/broker.log:\n{self.log_tail()}")
            time.sleep(POLL_S)

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines of the broker's log."""
        text = (self.data / "broker.log").read_text(errors="replace")
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


def _gone(pid: int, until_s: float) -> bool:
    """Wait until a process has ended (its parent may still have to ask how); False if it has not by then."""
    while _runs(pid):
        if time.monotonic() > until_s:
            return False
        time.sleep(POLL_S)
    return True


def _runs(pid: int) -> bool:
    """Tell whether a process runs; one whose first thread has ended does as long as another lives."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return False
    return threads > 1 or stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _settings_of(properties: Path) -> list[tuple[str, str]]:
    lines = properties.read_text().splitlines()
    return [(key, value) for key, found, value in (line.partition("=") for line in lines) if found]
