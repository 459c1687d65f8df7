"""Posting JSON: checked addresses, no redirects, bounded time and size, errors without secrets."""

import ssl
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp
from yarl import URL

from sinks.address import Policy
from sinks.outcome import Outcome, of_status, refused, retry
from sinks.resolver import AddressRefused, Resolver
from sinks.retry import retry_after_s

ANSWER_BYTES = 65_536  # of an answer are read; no robot says more


class Answer(NamedTuple):
    """What a receiver answered. outcome: by its status alone."""

    outcome: Outcome
    body: bytes


class Poster:
    """One HTTP client for all channels. As an async context manager: opens, closes.

    clock: epoch seconds, for dates in `Retry-After`. Proxies of the environment are not used: they would
    connect where nothing was checked.
    """

    def __init__(self, policy: Policy, clock: Callable[[], float], ca_file: str = "") -> None:
        self._policy = policy
        self._clock = clock
        self._ssl = ssl.create_default_context(cafile=ca_file or None)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=Resolver(self._policy), ssl=self._ssl, use_dns_cache=False, limit=0
        )
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """Post once. Whatever goes wrong is an outcome, in words that hold neither URL nor headers."""
        assert self._session is not None, "open it first"  # noqa: S101 (a mistake of ours)
        if why := self._policy.refuse_url(url, URL(url).host or ""):  # literal addresses pass no resolver
            return Answer(refused(f"the URL {why}"), b"")
        try:
            async with self._session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json", "User-Agent": "fenghuo", **headers},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                after_s = retry_after_s(response.headers.get("Retry-After"), self._clock())
                return Answer(of_status(response.status, after_s), await _read(response))
        except TimeoutError:
            return Answer(retry(f"did not answer within {timeout_s:g} s"), b"")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(retry(_words(error)), b"")


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the beginning of the body; the rest is left, and the connection with it."""
    body = b""
    while len(body) < ANSWER_BYTES and (part := await response.content.read(ANSWER_BYTES - len(body))):
        body += part
    return body


def _words(error: Exception) -> str:
    """Say what failed: the library's own messages may hold the URL, and in it the robot's token."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"shows a certificate that is not trusted: {type(error.certificate_error).__name__}"
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        if isinstance(cause, AddressRefused):
            return str(cause)
        return f"cannot connect to {error.host}:{error.port}: {cause.strerror or type(cause).__name__}"
    return f"no whole answer: {type(error).__name__}"
