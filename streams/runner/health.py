"""Whether a worker lives and works: what /-/healthy and /-/ready answer."""

import ssl
from collections.abc import Callable
from typing import Literal

from sinks.prometheus import CannotServe, Exhibit, Guard, Server, serve
from streams.failure import Failure
from streams.settings.model import Settings

SILENT_MAX_S = 30.0  # an event loop that has not beaten for so long hangs


class Health:
    """Written by the worker's event loop, read by the server's threads.

    clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._beat_s = clock()
        self._waiting = "starting"

    def beat(self) -> None:
        """Say that the event loop runs; call about once a second."""
        self._beat_s = self._clock()

    def wait(self, reason: str) -> None:
        """Say what is in the way of work: `restoring 2 of 4 partitions`. Empty: nothing, it works."""
        self._waiting = reason

    def healthy(self) -> str:
        """Return why the worker should be restarted; empty if it should not."""
        silent_s = self._clock() - self._beat_s
        return f"the event loop has hung for {silent_s:.0f} s" if silent_s > SILENT_MAX_S else ""

    def ready(self) -> str:
        """Return why the worker does not work yet; empty if it does."""
        return self.healthy() or self._waiting


def start_server(
    settings: Settings, exhibit: Exhibit, health: Health, port_key: Literal["port", "courier_port"] = "port"
) -> Server:
    """Serve metrics and health where the settings say. Raises Failure, naming the setting, if it cannot."""
    host, port = settings.server.host, int(getattr(settings.server, port_key))
    guard = _guard(settings)
    try:
        return serve(exhibit, host, port, healthy=health.healthy, ready=health.ready, guard=guard)
    except CannotServe as error:
        raise Failure(
            f"{error}. Choose another address with server.host and server.{port_key} in the settings, "
            f"or FENGHUO_SERVER__HOST and FENGHUO_SERVER__{port_key.upper()}"
        ) from error


def _guard(settings: Settings) -> Guard:
    server = settings.server
    if not server.certificate_file:
        return Guard(server.token)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(server.certificate_file, server.key_file)
    except (OSError, ssl.SSLError) as error:
        raise Failure(
            f"server.certificate_file and server.key_file are no pair that can be read: {error.strerror}"
        ) from error
    return Guard(server.token, context)
