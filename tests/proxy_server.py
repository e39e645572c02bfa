"""An HTTP proxy on loopback: tunnels, absolute addresses, basic authentication, and its own look-up of names (RFC 9110 and 9112)."""

from __future__ import annotations

import select
import socket
import threading
from base64 import b64encode
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ProxyServer", "proxying"]

HOP_BY_HOP = {"proxy-authorization", "connection", "host"}


@dataclass
class ProxyServer:
    """What the proxy lets through, and what it was asked."""

    names: dict[str, int] = field(default_factory=dict)
    """Host names that only the proxy knows -> the port on loopback where they are."""
    login: str = ""
    """`user:password` without which nothing is let through; empty = open to all."""
    refuses: int = 0
    """Status with which everything is answered; 0 = nothing is refused."""
    drops: int = 0
    """How many tunnels more are cut off before they are open."""
    port: int = 0
    asked: list[str] = field(default_factory=list)
    """Request lines without version, in order."""
    logins: list[str] = field(default_factory=list)
    """What each request had as Proxy-Authorization."""
    passed_on: list[str] = field(default_factory=list)
    """Names, in lower case, of the headers that reached servers over plain http."""

    @property
    def place(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # or a body would wait for the client to acknowledge its head, 40 ms
    disable_nagle_algorithm = True
    proxy: ProxyServer

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_CONNECT(self) -> None:
        """Open a tunnel, and carry bytes both ways until one end closes."""
        if not self._lets_through():
            return
        if self.proxy.drops:
            self.proxy.drops -= 1
            self.close_connection = True
            return
        host, _, port = self.path.rpartition(":")
        try:
            there = socket.create_connection(("127.0.0.1", self.proxy.names.get(host, int(port))), 5)
        except OSError:
            self._answer(502)
            return
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        with there:
            _carry(self.connection, there)

    def do_GET(self) -> None:
        """Ask a server for an absolute address over plain http."""
        if not self._lets_through():
            return
        parts = urlsplit(self.path)
        there = HTTPConnection("127.0.0.1", self.proxy.names.get(parts.hostname or "", parts.port or 80), timeout=5)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        self.proxy.passed_on.extend(name.lower() for name in headers)
        # closed whatever happens: the client may be gone by the time that the answer is here
        with closing(there):
            there.request(self.command, f"{parts.path}{'?' if parts.query else ''}{parts.query}", body, {**headers, "Host": parts.netloc})
            answer = there.getresponse()
            content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "content-length", "date", "server"}:
                self.send_header(name, value)
        self._end(content)

    def do_POST(self) -> None:
        """Do the same for a POST."""
        self.do_GET()

    def _lets_through(self) -> bool:
        """Note what is asked, and answer it where it is refused."""
        self.proxy.asked.append(f"{self.command} {self.path}")
        given = self.headers.get("Proxy-Authorization", "")
        self.proxy.logins.append(given)
        wanted = f"Basic {b64encode(self.proxy.login.encode()).decode()}" if self.proxy.login else given
        status = self.proxy.refuses or (0 if given == wanted else 407)
        if status:
            self._answer(status)
        return not status

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self._end(b"the proxy of TOP-SECRET says no")

    def _end(self, content: bytes) -> None:
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _carry(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes between two sockets until one of them closes."""
    ways = {one: other, other: one}
    while True:
        for ready in select.select(list(ways), [], [], 10)[0] or [None]:
            data = b""
            with suppress(OSError):
                data = ready.recv(65536) if ready else b""
            if not data:
                return
            ways[ready].sendall(data)


@contextmanager
def proxying(proxy: ProxyServer) -> Iterator[ProxyServer]:
    """Run `proxy` on loopback while the block runs; its `port` is set."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Bound", (_Handler,), {"proxy": proxy}))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
