"""Direct push of open alerts to the Alertmanagers of the settings, beside the machines."""

import random
import time
from collections.abc import Iterable

from yarl import URL

from sinks.alertmanager import PATH, Board, Post
from sinks.http import Poster
from sinks.metrics import Sample
from sinks.pusher import Pusher
from streams.settings.model import Settings
from streams.settings.security_rules import policy_of


class Push:
    """What the worker starts when `alertmanagers.urls` names any."""

    def __init__(self, settings: Settings) -> None:
        section = settings.alertmanagers
        poster = Poster(policy_of(settings), time.time, settings.security.ca_file)
        headers = {"Authorization": f"Bearer {section.token.reveal()}"} if section.token else {}
        posts = [
            Post(_name(url), url.rstrip("/") + PATH, headers, section.timeout_ms / 1000, poster)
            for url in section.urls
        ]
        board = Board(section.resend_ms, section.labels)
        self._poster = poster
        self._pusher = Pusher(board, posts, _now_ms, random.Random())  # noqa: S311 (jitter)

    def publish(self, samples: Iterable[Sample]) -> None:
        """Take what /metrics shows."""
        self._pusher.publish(samples)

    async def run(self) -> None:
        """Push, for ever."""
        async with self._poster:
            await self._pusher.run()

    def samples(self) -> Iterable[Sample]:
        """Return how the pushes fare."""
        return self._pusher.samples()


def _name(url: str) -> str:
    parsed = URL(url)
    return f"{parsed.host}:{parsed.port}"


def _now_ms() -> int:
    return int(time.time() * 1000)
