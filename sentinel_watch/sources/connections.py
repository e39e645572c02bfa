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

    `addresses` are those that `Hosts.addresses` allowed, in the order to try them. `timeout_s` is for connecting and
    for each silence afterwards, not for the whole answer. Without TLS for plain http.
    """

    def __init__(self, target: Target, addresses: Sequence[str], timeout_s: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self.target = target
        self.addresses = addresses

    def connect(self) -> None:
        """Open the socket.

        Called by http.client at the first request. Raises OSError where no address answers,
        ssl.SSLCertVerificationError where the certificate is not one for the host's name.
        """
        self.sock = self._reach()
        # small requests would wait for the answer to the one before
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.target.scheme == "https":
            self.sock = _trust().wrap_socket(self.sock, server_hostname=self.target.host)

    def _reach(self) -> socket.socket:
        """Return a socket to the first address that answers, as some machines have no way to one of the two internets."""
        # the last one's error is the one that is told
        *others, last = self.addresses
        for address in others:
            with suppress(OSError):
                return socket.create_connection((address, self.target.port), self.timeout)
        return socket.create_connection((last, self.target.port), self.timeout)


class Connections:
    """Idle connections, kept for the next request to the same host.

    At most `at_once` connections are lent at a time, over all hosts; who wants more waits. A connection is used by
    one thread at a time. All are closed when the object goes.
    """

    def __init__(self, hosts: Hosts, timeout_s: float, at_once: int) -> None:
        self.hosts = hosts
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
            connection = self._take(key) or PinnedConnection(target, self.hosts.addresses(target), self._timeout_s)
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
