"""Connections that go to the address that was checked, and to no other."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import weakref
from collections import defaultdict
from contextlib import contextmanager, suppress
from functools import lru_cache
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import certifi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sentinel_watch.sources.hosts import Hosts, Target

__all__ = ["Connections", "PinnedConnection"]


class PinnedConnection(HTTPConnection):
    """Speaks to one of the addresses that were checked, in the name of one host; TLS is checked against the name.

    The name is not looked up again, so that a second answer of the name service cannot lead elsewhere.
    """

    def __init__(self, target: Target, addresses: Sequence[str], timeout_s: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self.target = target
        self.addresses = addresses

    def connect(self) -> None:
        """Open the socket."""
        self.sock = self._reach()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.target.scheme == "https":
            self.sock = _trust().wrap_socket(self.sock, server_hostname=self.target.host)

    def _reach(self) -> socket.socket:
        """Return a socket to the first address that answers, as some machines have no way to one of the two internets."""
        *others, last = self.addresses
        for address in others:
            with suppress(OSError):
                return socket.create_connection((address, self.target.port), self.timeout)
        return socket.create_connection((last, self.target.port), self.timeout)


class Connections:
    """Idle connections, kept for the next request to the same host."""

    def __init__(self, hosts: Hosts, timeout_s: float, at_once: int) -> None:
        self.hosts = hosts
        self._timeout_s = timeout_s
        self._idle: dict[tuple[str, str, int], list[PinnedConnection]] = defaultdict(list)
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(at_once)
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def lent(self, target: Target) -> Iterator[PinnedConnection]:
        """Lend a connection to `target`; it is kept where the block ends without an error and the server leaves it open."""
        key = (target.scheme, target.host, target.port)
        with self._room:
            connection = self._take(key) or PinnedConnection(target, self.hosts.addresses(target), self._timeout_s)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            if connection.sock is not None:
                with self._lock:
                    self._idle[key].append(connection)

    def _take(self, key: tuple[str, str, int]) -> PinnedConnection | None:
        with self._lock:
            while self._idle[key]:
                connection = self._idle[key].pop()
                # one that has something to say unasked was closed by the server
                if not select.select([connection.sock], [], [], 0)[0]:
                    return connection
                connection.close()
        return None


def _close_all(idle: Mapping[tuple[str, str, int], list[PinnedConnection]]) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    context = ssl.create_default_context()
    # beside the system's certificates, which a small container may not have, and those that SSL_CERT_FILE names
    context.load_verify_locations(certifi.where())
    return context
