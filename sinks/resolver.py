"""Names to addresses that may be connected to: what was checked is what is connected to."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from sinks.address import Policy


class AddressRefused(OSError):  # noqa: N818 (named like what it says)
    """A name leads only to addresses that may not be connected to; the message says why."""


class Resolver(AbstractResolver):
    """Resolves by the system and lets only addresses through that the policy allows."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses allowed. Raises AddressRefused, and OSError if the name is not known."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=_NUMERIC)
            for kind, address in checked(self._policy, host, found)
        ]

    async def close(self) -> None:
        """Nothing is held open."""


def checked(
    policy: Policy, host: str, found: Sequence[tuple[socket.AddressFamily, Any, int, str, tuple[Any, ...]]]
) -> list[tuple[socket.AddressFamily, str]]:
    """Return those of the addresses of `getaddrinfo` that may be connected to. Raises AddressRefused."""
    passed, refused = [], ""
    for family, _, _, _, where in found:
        address = str(where[0])
        why = policy.refuse_address(host, ip_address(address.split("%", maxsplit=1)[0]))
        if why:
            refused = why
        else:
            passed.append((family, address))
    if not passed:
        raise AddressRefused(f"{host} {refused or 'has no address'}")
    return passed


_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
