"""Whom this machine may call: URLs come from other people's catalogues, and must not lead into the network that it stands in.

Guards against server-side request forgery: an item's href may name this machine, its network, or a cloud's metadata
service. The name and every address behind it are held against the rules, and the connection goes to one of those
addresses.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sentinel_watch.sources.transfer import PassingError, TransferError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Address = IPv4Address | IPv6Address

__all__ = ["Hosts", "Target"]

PORTS = {"http": 80, "https": 443}
NAT64 = IPv6Network("64:ff9b::/96")
"""Addresses that stand for IPv4 ones (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a URL names, once the rules allow it.

    `host` is in lower case without a final dot; `port` is the scheme's own where the URL names none.
    """

    scheme: str
    host: str
    port: int
    path: str
    """Path and query, as they are sent."""

    @property
    def place(self) -> str:
        """Return host and port as they stand in a URL, an IPv6 address in brackets; the port always."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _look_up(host: str, port: int) -> list[str]:
    """Return every address of `host` that the system's resolver knows, IPv4 and IPv6; raise OSError where it knows none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Hosts:
    """The rules: which names, and which addresses behind them.

    An empty `allowed` allows nothing. The three switches are the operator's; nothing that a catalogue says can change
    them.
    """

    allowed: tuple[str, ...]
    """Host names in lower case; `*.example.org` allows every name below it."""
    allow_private: bool = False
    """True = addresses of private networks and of this machine are allowed, for an archive inside an agency's own network."""
    allow_plain: bool = False
    """True = http without TLS is allowed, for an archive whose own address is such."""
    look_up: Callable[[str, int], list[str]] = _look_up
    """(host, port) -> addresses."""

    def target(self, url: str) -> Target:
        """Return whom `url` names, over TLS unless plain http is allowed; raise TransferError where it is no URL of an allowed host.

        Refused are: other schemes, a user or password, signs outside printable ASCII (which libraries read in
        different ways), and hosts that match no pattern. An http URL without a port is asked over TLS.
        """
        try:
            parts = urlsplit(url)
            # a final dot names the same host and would slip past a pattern
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError as error:
            raise TransferError("this is no valid URL", found=str(error)) from error
        # servers behind a gateway often write http for what they serve over TLS
        scheme = "https" if parts.scheme == "http" and not self.allow_plain and port is None else parts.scheme
        if scheme not in PORTS or (scheme == "http" and not self.allow_plain):
            raise TransferError("only https may be asked here", where=shown(url), found=parts.scheme or "no scheme", allowed="https")
        if "@" in parts.netloc:
            raise TransferError("a URL may not carry a user or a password", where=shown(url), allowed="credentials from the environment")
        if not (url.isascii() and url.isprintable() and host) or " " in url:
            raise TransferError("this is no valid URL", where=shown(url))
        if not any(_matches(host, pattern) for pattern in self.allowed):
            raise TransferError("the host is not among those that this source may ask", where=shown(url), found=host, allowed=self._named())
        query = f"?{parts.query}" if parts.query else ""
        return Target(scheme, host, port or PORTS[scheme], (parts.path or "/") + query)

    def addresses(self, target: Target) -> list[str]:
        """Return the IP addresses to connect to, in the order to try them; every address behind the name must be allowed.

        Raises TransferError where one is not, PassingError where the name is not known.

        One private address among public ones refuses the host: which one is tried first would be the name server's
        choice. Duplicates are left out. Call it for each new connection: names change.
        """
        try:
            found = self.look_up(target.host, target.port)
        except OSError as error:
            raise PassingError("the host's name is not known", where=target.host, found=str(error)) from error
        self._check_public(target, found)
        return list(dict.fromkeys(found))

    def check_named(self, target: Target) -> None:
        """Raise TransferError where `target` is an address in figures that is not allowed.

        For a host behind a proxy, whose name is looked up there: this machine may not even know it.
        """
        with suppress(ValueError):
            self._check_public(target, [str(ip_address(target.host))])

    def _check_public(self, target: Target, found: Sequence[str]) -> None:
        """Raise TransferError where one of the addresses `found` for `target` is not allowed, or there is none."""
        # a zone, as in fe80::1%eth0, is no part of an address
        forbidden = [address for address in found if not self.allow_private and not _is_public(ip_address(address.partition("%")[0]))]
        if forbidden or not found:
            raise TransferError(
                "the host's address is not one of the public internet",
                where=target.host,
                found=", ".join(forbidden) or "no address",
                allowed="public addresses; `allow_private = true` in the source's configuration allows others",
            )

    def _named(self) -> str:
        """Return the allowed hosts for an error, and how to add others."""
        return f"{', '.join(self.allowed)}; `hosts` in the source's configuration adds others"


def _matches(host: str, pattern: str) -> bool:
    """Return whether `host` is `pattern`, or below it where that begins with `*.`; both in lower case.

    `*.example.org` matches `a.b.example.org` and not `example.org` itself.
    """
    # nothing but a leading `*.` is a wildcard
    return fnmatchcase(host, "*" + pattern[1:].replace("*", "[*]")) if pattern.startswith("*.") else host == pattern


def _is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet, whatever it is wrapped in.

    Looks into IPv4 addresses mapped into IPv6, 6to4 (RFC 3056), Teredo (RFC 4380) and NAT64 (RFC 6052); multicast and
    reserved ranges are not public. The cloud's 169.254.169.254 is link-local and so not global.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved
