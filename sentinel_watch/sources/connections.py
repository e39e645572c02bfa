"""Connections that go to the address that was checked, and to no other."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import weakref
from collections import defaultdict
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING

import certifi

from sentinel_watch.sources.transfer import PassingError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sentinel_watch.sources.hosts import Hosts, Target
    from sentinel_watch.sources.proxies import Proxies, Proxy

__all__ = ["Connections", "PinnedConnection"]


class PinnedConnection(HTTPConnection):
    """Speaks to one of the addresses that were checked, in the name of one host; TLS is checked against the name.

    The name is not looked up again, so that a second answer of the name service cannot lead elsewhere. Where a `proxy`
    is named, that is called, and looks the name up.

    `addresses` are those that `Hosts.addresses` allowed, in the order to try them; none behind a proxy. `timeout_s` is
    for connecting and for each silence afterwards, not for the whole answer. Without TLS for plain http.
    """

    def __init__(self, target: Target, addresses: Sequence[str], timeout_s: float, proxy: Proxy | None = None) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self.target = target
        self.proxy = proxy
        self.ends = [(address, target.port) for address in addresses] if proxy is None else [(proxy.host, proxy.port)]

    def connect(self) -> None:
        """Open the socket.

        Called by http.client at the first request. Raises OSError where no address answers,
        ssl.SSLCertVerificationError where the certificate is not one for the host's name, RefusedError or PassingError
        where a proxy does not let it through.
        """
        self.sock = self._reach()
        # small requests would wait for the answer to the one before
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.target.scheme == "https":
            if self.proxy is not None:
                self._dig(self.proxy)
            self.sock = _trust().wrap_socket(self.sock, server_hostname=self.target.host)

    def ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> HTTPResponse:
        """Send a request for `path` of the host, and return the answer's head; raise as `connect` does, or HTTPException."""
        # without TLS there is no tunnel: the proxy is told the whole address (RFC 9112 3.2.2)
        if self.proxy is not None and self.target.scheme == "http":
            path = f"http://{self.target.place}{path}"
            headers = {**headers, **_authorization(self.proxy)}
        self.request(method, path, body, headers)
        return self.getresponse()

    def _dig(self, proxy: Proxy) -> None:
        """Have the proxy open a tunnel to the target; raise RefusedError or PassingError where it does not.

        RFC 9110 9.3.6. What the proxy says beside its status is not looked at: it is not the server's.
        """
        place = self.target.place
        lines = {"Host": place, **_authorization(proxy)}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.sock.sendall(f"CONNECT {place} HTTP/1.1\r\n{head}\r\n".encode("ascii"))
        # closed at once, or it would hold the socket open for as long as it lives
        with closing(HTTPResponse(self.sock, method="CONNECT")) as answer:
            answer.begin()
        if answer.status // 100 == 2:
            return
        refused = answer.status in {401, 403, 407}
        error, what = (RefusedError, "the proxy refuses to connect") if refused else (PassingError, "the proxy cannot connect")
        raise error(what, where=f"{proxy.host}:{proxy.port}", found=f"status {answer.status} for {place}")

    def _reach(self) -> socket.socket:
        """Return a socket to the first address that answers, as some machines have no way to one of the two internets."""
        # the last one's error is the one that is told
        *others, last = self.ends
        for end in others:
            with suppress(OSError):
                return socket.create_connection(end, self.timeout)
        return socket.create_connection(last, self.timeout)


class Connections:
    """Idle connections, kept for the next request to the same host.

    At most `at_once` connections are lent at a time, over all hosts; who wants more waits. A connection is used by
    one thread at a time. All are closed when the object goes.
    """

    def __init__(self, hosts: Hosts, timeout_s: float, at_once: int, proxies: Proxies) -> None:
        self.hosts = hosts
        self._proxies = proxies
        self._timeout_s = timeout_s
        self._idle: dict[tuple[str, str, int], list[PinnedConnection]] = defaultdict(list)
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(at_once)
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def lent(self, target: Target) -> Iterator[PinnedConnection]:
        """Lend a connection to `target`; it is kept where the block ends without an error and the server leaves it open.

        Raises PassingError or TransferError where the host's address is not known or not allowed. A connection whose
        block ends in an error is closed, since half an answer may still be in it.
        """
        key = (target.scheme, target.host, target.port)
        with self._room:
            # looked up and checked anew only for a new connection
            connection = self._take(key) or self._new(target)
            try:
                yield connection
            # also when somebody interrupts: half an answer would be taken for the next one's
            except BaseException:
                connection.close()
                raise
            # http.client drops its socket where the server said `Connection: close`
            if connection.sock is not None:
                with self._lock:
                    self._idle[key].append(connection)

    def _new(self, target: Target) -> PinnedConnection:
        """Return a new connection, not open yet: to the target's checked addresses, or to the proxy that the operator names."""
        proxy = self._proxies.of(target)
        if proxy is None:
            return PinnedConnection(target, self.hosts.addresses(target), self._timeout_s)
        self.hosts.check_named(target)
        return PinnedConnection(target, (), self._timeout_s, proxy)

    def _take(self, key: tuple[str, str, int]) -> PinnedConnection | None:
        """Return an idle connection that is still open, the last used first; None where there is none."""
        with self._lock:
            while self._idle[key]:
                connection = self._idle[key].pop()
                # one that has something to say unasked was closed by the server
                if not select.select([connection.sock], [], [], 0)[0]:
                    return connection
                connection.close()
        return None


def _authorization(proxy: Proxy) -> dict[str, str]:
    """Return the header that the proxy wants, if any."""
    return {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}


def _close_all(idle: Mapping[tuple[str, str, int], list[PinnedConnection]]) -> None:
    """Close what is idle; takes the dict and not the object, which a finalizer would keep alive."""
    for connections in idle.values():
        for connection in connections:
            connection.close()


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Return the TLS settings: host names and certificates are checked, against the system's authorities and certifi's."""
    context = ssl.create_default_context()
    # beside the system's certificates, which a small container may not have, and those that SSL_CERT_FILE names
    context.load_verify_locations(certifi.where())
    return context
