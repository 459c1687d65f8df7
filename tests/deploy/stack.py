"""The parts around a worker, real and on loopback: Prometheus, Alertmanager, and a receiver of webhooks."""

import json
import re
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from streams.kafka.port import free_port
from tests.deploy.program import DEPLOY, program

READY_S = 20.0


class Post(NamedTuple):
    """One webhook: the receiver it was for, who sent it, what it said, when it came (monotonic)."""

    receiver: str
    authorization: str
    message: dict[str, Any]
    at_s: float

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return list(self.message["alerts"])


class Receiver:
    """A server that takes every webhook and keeps it."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self._port = 0
        self.open()
        self.url = f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Listen; after `close` on the same port."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def to(self, *receivers: str) -> list[Post]:
        return [post for post in list(self.posts) if post.receiver in receivers]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                authorization = self.headers.get("Authorization", "")
                posts.append(Post(self.path.strip("/"), authorization, json.loads(body), time.monotonic()))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        return Handler


def until(what: Callable[[], Any], why: str, timeout_s: float = READY_S) -> Any:
    """Return the first true answer; fails the test when there is none in time."""
    deadline = time.monotonic() + timeout_s
    while not (answer := what()):
        assert time.monotonic() < deadline, why
        time.sleep(0.05)
    return answer


def ask(url: str, **parameters: str) -> Any:
    """Return the JSON of a page; None if it does not answer."""
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    try:
        with urllib.request.urlopen(url + query, timeout=5) as answer:  # noqa: S310 (our own loopback)
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    except OSError:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


def prometheus_config(worker: str, manager: str) -> str:
    """Return the shipped configuration for these addresses; the courier is not watched."""
    text = (DEPLOY / "prometheus/prometheus.yml").read_text()
    text = text.replace("worker:9464", worker).replace("alertmanager:9093", manager)
    text = re.sub(r"  - job_name: fenghuo-courier\n.*?\n\n", "", text, flags=re.DOTALL)
    return text.replace("rules/*.yaml", str(DEPLOY / "prometheus/rules/*.yaml"))


def alertmanager_config(folder: Path, receiver: str) -> str:
    """Return the shipped tree with all its webhooks at one receiver; their token is put into the folder."""
    (folder / "token").write_text("let-me-in")
    text = (DEPLOY / "alertmanager/alertmanager.yml").read_text()
    text = text.replace("http://receiver:8080", receiver)
    return text.replace("/run/secrets/alertmanager_receiver_token", str(folder / "token"))


def prometheus_command(folder: Path, config: str, port: int) -> list[str]:
    """Return the command of a Prometheus that lives in a folder."""
    (folder / "prometheus.yml").write_text(config)
    return [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]


def alertmanager_command(folder: Path, config: str, port: int) -> list[str]:
    """Return the command of an Alertmanager that lives in a folder."""
    (folder / "alertmanager.yml").write_text(config)
    return [
        program("prometheus-alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]


@contextmanager
def prometheus(folder: Path, config: str) -> Iterator[str]:
    """Run Prometheus with a configuration; yield its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # What was sent before it knew its Alertmanagers is lost.
    arguments = [*prometheus_command(folder, config, port), "--rules.alert.resend-delay=2s"]
    with _running(arguments, folder / "prometheus.log", f"{url}/-/ready"):
        yield url


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[str]:
    """Run Alertmanager with a configuration; yield its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = alertmanager_command(folder, config, port)
    with _running(command, folder / "alertmanager.log", f"{url}/-/ready"):
        yield url


@contextmanager
def _running(arguments: Sequence[str], log: Path, ready: str) -> Iterator[None]:
    with ExitStack() as stack:
        process = subprocess.Popen(
            arguments, stdout=stack.enter_context(log.open("wb")), stderr=subprocess.STDOUT
        )
        stack.callback(process.wait, 20)
        stack.callback(process.terminate)
        until(lambda: process.poll() is not None or is_ready(ready), f"{arguments[0]} is not ready")
        assert process.poll() is None, log.read_text()[-2000:]
        yield


def is_ready(url: str) -> bool:
    """Return whether a page answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (our own loopback)
            return bool(answer.status == 200)
    except OSError:
        return False
