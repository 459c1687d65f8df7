"""/metrics for Prometheus, and the two health pages, served by a thread of their own."""

import hmac
import math
import platform
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from socketserver import ThreadingMixIn
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import prometheus_client
from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from sinks.budget import within_budget
from sinks.metrics import CATALOGUE, Family, Sample
from sinks.secret import Secret

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CLIENT_S = 30.0  # how long a client may be silent
STOP_WITHIN_S = 0.1  # how soon the server notices that it is closed

Series = Callable[[int], Iterable[Sample]]
Check = Callable[[], str]  # empty: all is well; else what is not


class CannotServe(RuntimeError):  # noqa: N818 (named like what it says)
    """The address cannot be bound; the message says why."""


class Exhibit:
    """What /metrics shows: the samples published last, and histograms fed observation by observation.

    `publish` and `observe` may be called from any thread. budget: how many samples of series are shown.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._shown: tuple[Sequence[Sample], Sequence[Series]] = ((), ())
        self.registry = CollectorRegistry()
        self._histograms = {
            name: prometheus_client.Histogram(
                name, family.help, family.labels, buckets=BUCKETS_S, registry=self.registry
            )
            for name, family in CATALOGUE.items()
            if family.type == "histogram"
        }
        self.registry.register(self)

    def publish(self, samples: Sequence[Sample], series: Sequence[Series] = ()) -> None:
        """Replace what is shown. The sequences must not be changed afterwards.

        series: asked at each scrape, by its thread, for at most so many samples of single series.
        """
        self._shown = samples, series

    def observe(self, name: str, labels: tuple[str, ...], value: float) -> None:
        """Take one observation of a histogram of the catalogue, in its own unit."""
        histogram = self._histograms[name]
        (histogram.labels(*labels) if labels else histogram).observe(value)

    def collect(self) -> Iterator[Metric]:
        """Yield the families of the catalogue that have a value. Called by prometheus_client at a scrape."""
        values: dict[str, dict[tuple[str, ...], float]] = {}
        samples, series = self._shown
        everything = chain(samples, *(one(self._budget) for one in series))
        for name, labels, value in _merged([_build_info(), *within_budget(everything, self._budget)]):
            values.setdefault(name, {})[labels] = value
        for name, family in CATALOGUE.items():
            if name in values:
                yield _metric(name, family, values[name])

    def render(self) -> bytes:
        """Return the page in Prometheus' text format."""
        return prometheus_client.generate_latest(self.registry)


class Guard(NamedTuple):
    """Who may look, and how: with a token (`Authorization: Bearer TOKEN`), by https instead of http."""

    token: Secret | None = None
    tls: ssl.SSLContext | None = None


OPEN = Guard()


class Server:
    """A running server. `port` is the real one when 0 was asked for."""

    def __init__(self, server: WSGIServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(STOP_WITHIN_S,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    def close(self) -> None:
        """Stop serving and give the port back."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def serve(
    exhibit: Exhibit, host: str, port: int, *, healthy: Check, ready: Check, guard: Guard = OPEN
) -> Server:
    """Serve /metrics, /-/healthy and /-/ready. Raises CannotServe."""
    app = _pages(prometheus_client.make_wsgi_app(exhibit.registry), healthy, ready)
    if guard.token:
        app = _asking(app, guard.token)
    try:
        family = _address_family(host)
        kind = type("BoundServer", (_ThreadingServer,), {"address_family": family, "tls": guard.tls})
        return Server(make_server(host, port, app, kind, _SilentHandler))
    except OSError as error:
        raise CannotServe(f"cannot listen on {host}:{port}: {error.strerror or error}") from error


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[Any, Any]:
        """Accept. The handshake is left to the connection's own thread: a slow client holds up nobody."""
        connection, address = super().get_request()
        connection.settimeout(CLIENT_S)
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away or has no TLS is no news."""


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (named by the base class)
        """Log nothing: a scrape is no news."""


def _pages(metrics: WSGIApplication, healthy: Check, ready: Check) -> WSGIApplication:
    checks = {"/-/healthy": healthy, "/-/ready": ready}

    def page(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return metrics(environ, start)
        if path in checks:
            trouble = checks[path]()
            return _text(start, "503 Service Unavailable" if trouble else "200 OK", trouble or "ok")
        return _text(start, "404 Not Found", "pages: /metrics /-/healthy /-/ready")

    return page


def _asking(app: WSGIApplication, token: Secret) -> WSGIApplication:
    """Return the pages behind a token, compared in a time that tells nothing of it."""
    wanted = f"Bearer {token.reveal()}".encode()

    def page(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        given = str(environ.get("HTTP_AUTHORIZATION", "")).encode("latin-1", "replace")
        if hmac.compare_digest(given, wanted):
            return app(environ, start)
        return _text(start, "401 Unauthorized", "a bearer token is needed", [("WWW-Authenticate", "Bearer")])

    return page


def _text(
    start: StartResponse, status: str, text: str, headers: Sequence[tuple[str, str]] = ()
) -> list[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8"), *headers])
    return [f"{text}\n".encode()]


def _address_family(host: str) -> socket.AddressFamily:
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]


def _merged(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Yield one sample per name and labels: counters of several machines add up, the last gauge counts."""
    merged: dict[tuple[str, tuple[str, ...]], float] = {}
    for name, labels, value in samples:
        if not math.isfinite(value):
            continue
        is_counter = CATALOGUE[name].type == "counter"
        merged[name, labels] = merged.get((name, labels), 0.0) + value if is_counter else value
    return (Sample(name, labels, value) for (name, labels), value in merged.items())


def _metric(name: str, family: Family, values: dict[tuple[str, ...], float]) -> Metric:
    kind = CounterMetricFamily if family.type == "counter" else GaugeMetricFamily
    metric: Metric = kind(name, family.help, labels=family.labels)
    for labels, value in values.items():
        metric.add_metric(labels, value)  # type: ignore[attr-defined]  # both kinds have it, their base has not
    return metric


def _build_info() -> Sample:
    try:
        release = version("fenghuo")
    except PackageNotFoundError:
        release = "unpackaged"  # run from the tree
    return Sample("fenghuo_build_info", (release, platform.python_version()), 1.0)


prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # a second family per histogram that nobody asks for
