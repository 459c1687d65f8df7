"""Where we may send to: hosts by name, addresses by what they are.

A URL comes from whoever writes the settings and a name resolves to what its owner says, so both are checked:
the URL when the settings are read, the address each time before it is connected to (sinks/resolver.py).
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from yarl import URL  # the parser of the HTTP client: what was checked is what is connected to

ANY = "*"


class Policy(NamedTuple):
    """Hosts that may be sent to.

    allowed  public hosts; `*` any, `*.example.org` all below
    trusted  hosts of one's own network: also http, and private addresses
    """

    allowed: Collection[str] = ()
    trusted: Collection[str] = ()

    def refuse_url(self, url: str, *vendors: str) -> str:
        """Return why a URL may not be used; empty if it may. `vendors`: hosts allowed besides."""
        try:
            parsed = URL(url)
            host, scheme = _host(parsed.host or ""), parsed.scheme
        except ValueError:
            return "is no URL; allowed: https://HOST/PATH"
        if scheme not in ("https", "http") or not host:
            return "is no URL of the web; allowed: https://HOST/PATH"
        if parsed.raw_user is not None or parsed.raw_password is not None:
            return "holds a user or password; allowed: a token or secret, by environment or file"
        if scheme == "http" and not self.trusts(host):
            return f"is not https; allowed: https, or {host} in security.trusted_hosts"
        return self.refuse_host(host, *vendors)

    def refuse_host(self, host: str, *vendors: str) -> str:
        """Return why a host may not be sent to; empty if it may."""
        host = _host(host)
        literal = _literal(host)
        if literal and (refused := self.refuse_address(host, literal)):
            return refused
        if self.trusts(host) or any(_matches(host, pattern) for pattern in (*self.allowed, *vendors)):
            return ""
        return f"leads to {host}, which is not allowed; allowed: hosts in security.allowed_hosts"

    def refuse_address(self, host: str, address: IPv4Address | IPv6Address) -> str:
        """Return why an address that a host resolves to may not be connected to; empty if it may."""
        address = getattr(address, "ipv4_mapped", None) or address
        if _is_public(address):
            return ""
        never = address.is_link_local or address.is_multicast or address.is_unspecified
        if not never and self.trusts(host):
            return ""
        way = "" if never else f", or {host} in security.trusted_hosts"
        return f"leads to {address}, which is no public address; allowed: public addresses{way}"

    def trusts(self, host: str) -> bool:
        """Whether a host is of one's own network."""
        return any(_matches(_host(host), pattern) for pattern in self.trusted)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (hidden := address.sixtofour or _teredo_or_nat64(address)):
        return _is_public(hidden)
    return address.is_global and not address.is_multicast


def _teredo_or_nat64(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address is a way to."""
    if address.teredo is not None:
        return address.teredo[1]
    if address.packed.startswith(_NAT64):
        return IPv4Address(address.packed[-4:])
    return None


def _matches(host: str, pattern: str) -> bool:
    pattern = _host(pattern)
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return pattern in (ANY, host)


def _host(name: str) -> str:
    return name.strip().rstrip(".").lower()


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]").split("%", maxsplit=1)[0])
    except ValueError:
        return None


_NAT64 = bytes.fromhex("0064ff9b0000000000000000")
