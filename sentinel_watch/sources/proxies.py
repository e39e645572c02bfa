"""Through which proxy a host is asked, where the machine stands in a network that has no other way out.

The operator names it: in the configuration, or in the environment as other programs want it (`HTTPS_PROXY`, `HTTP_PROXY`,
`NO_PROXY`). What TLS protects goes through a tunnel (RFC 9110 9.3.6), so the proxy sees host names and nothing else.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

from sentinel_watch.sources.transfer import TransferError, shown

if TYPE_CHECKING:
    from sentinel_watch.sources.hosts import Target

__all__ = ["DIRECT", "Proxies", "Proxy"]

DIRECT = "direct"
"""In the configuration: no proxy, whatever the environment says."""
DEFAULT_PORT = 3128


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that is spoken to over plain HTTP/1.1."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)
    """The value of Proxy-Authorization (RFC 7617), a secret; empty = none is sent."""

    @classmethod
    def at(cls, url: str) -> Proxy:
        """Return the proxy at `url`, which may carry user and password; raise TransferError where it is no http URL."""
        try:
            parts = urlsplit(url if "//" in url else f"http://{url}")
            host, port = parts.hostname or "", parts.port or DEFAULT_PORT
        except ValueError:
            host, port, parts = "", 0, urlsplit("")
        if parts.scheme != "http" or not host:
            raise TransferError("this is no address of a proxy", where=shown(url), allowed="http://host:port")
        if parts.username is None:
            return cls(host, port)
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return cls(host, port, f"Basic {b64encode(pair.encode()).decode()}")


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which hosts are asked through which proxy.

    `configured` is the proxy of all hosts but those of NO_PROXY, or DIRECT; empty = the environment decides, for https
    and http apart.
    """

    configured: str = ""

    def of(self, target: Target) -> Proxy | None:
        """Return the proxy for `target`, None = it is called directly; raise TransferError where what is named is no proxy."""
        # looked up at each new connection: the variables are read where other programs read them, and hold no state
        known = getproxies_environment()
        url = self.configured or known.get(target.scheme, "")
        if not url or url == DIRECT or proxy_bypass_environment(f"{target.host}:{target.port}", known):
            return None
        return Proxy.at(url)
