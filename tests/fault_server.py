"""A STAC API and a file server on loopback, honest or with one kind of fault, that serve a catalogue from disk.

Which request a fault hits is drawn from the seed, the request and how often it came, so that threads do not matter.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from shapely.geometry import box, shape

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["FAULTS", "SEEDS", "Archive", "QuickServer", "Reply", "draw", "send", "serving"]

SEEDS = range(int(os.environ.get("FAULT_SEEDS", "3")))
"""With which requests are chosen that a fault hits; `FAULT_SEEDS=10` asks for more."""

COLLECTION = "sentinel-2-l2a"
SIGN_IN = "/sign-in"
STALL_S = 1.2
"""Longer than the timeout that the tests give the client."""


@dataclass
class Archive:
    """What is served, how, and what was asked for."""

    folder: Path
    """Holds `catalog.json`, and a folder for each item."""
    fault: str = ""
    """One of FAULTS for files, or of SEARCH_FAULTS for the API."""
    share: float = 0.3
    """Share of the requests for files that the fault hits."""
    seed: int = 0
    page_size: int = 7
    ignores_filters: bool = False
    counts_all: bool = False
    """Whether it says of every search that all items match."""
    delay_s: float = 0.0
    """Before every answer."""
    etags: bool = True
    last_modified: bool = True
    ranges: bool = True
    token: str = ""
    """Bearer token without which nothing is given; empty = all is open."""
    extra_headers: dict[str, str] = field(default_factory=dict)
    """Sent with the API's answers."""
    change_items: Callable[[dict[str, Any]], None] = lambda item: None
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """(method, path with query) of every request."""
    tokens: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def files_asked(self) -> list[str]:
        """Return the paths of the files that were asked for."""
        return [path for _, path in self.asked if path.startswith("/files/")]

    def hit(self, request: str) -> bool:
        """Return whether the fault hits `request` this time."""
        with self.lock:
            self.counts[request] += 1
            count = self.counts[request]
        return draw(self.seed, request, count) < self.share

    def items(self) -> list[dict[str, Any]]:
        """Return the catalogue's items, their hrefs on this server."""
        items = []
        for path in sorted(self.folder.glob("*/*.json")):
            item = json.loads(path.read_text())
            item["collection"] = COLLECTION
            item["links"] = [{"rel": "self", "href": f"{self.url}/collections/{COLLECTION}/items/{item['id']}"}]
            for asset in item["assets"].values():
                asset["href"] = f"{self.url}/files/{path.parent.name}/{asset['href'].removeprefix('./')}"
            self.change_items(item)
            items.append(item)
        random.Random(5).shuffle(items)
        return items


def draw(seed: int, request: str, count: int) -> float:
    """Return a number from 0 to 1 that is the same for the same request, the `count`-th time it is asked."""
    digest = hashlib.sha256(f"{seed}/{request}/{count}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32


def send(handler: Handler, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None) -> None:
    """Send an answer; `length` is what it says of its own length, where that is a lie."""
    handler.send_response(status)
    for name, value in {"Content-Type": "image/tiff", **(headers or {})}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def _drop(handler: Handler, _: Reply) -> None:
    handler.close_connection = True


def _truncate(handler: Handler, reply: Reply) -> None:
    send(handler, reply.status, reply.body[: len(reply.body) // 2], reply.headers, len(reply.body))
    handler.close_connection = True


def _stall(handler: Handler, reply: Reply) -> None:
    time.sleep(STALL_S)
    send(handler, reply.status, reply.body, reply.headers)


def _shift(handler: Handler, reply: Reply) -> None:
    start, stop, size = reply.span
    send(handler, 206, reply.content[start + 7 : stop + 7], {**reply.headers, "Content-Range": f"bytes {start + 7}-{stop + 6}/{size}"})


def _short(handler: Handler, reply: Reply) -> None:
    start, stop, size = reply.span
    middle = (start + stop) // 2
    send(handler, 206, reply.content[start:middle], {**reply.headers, "Content-Range": f"bytes {start}-{middle - 1}/{size}"})


def _misplaced(handler: Handler, reply: Reply) -> None:
    """Send bytes from elsewhere in the file in the name of those that were asked for."""
    start, stop, size = reply.span
    away = (stop - start) // 2
    content = (reply.content[away:] + reply.content[:away])[start:stop]
    send(handler, reply.status, content, {**reply.headers, "Content-Range": f"bytes {start}-{stop - 1}/{size}"})


def _cut_part(handler: Handler, reply: Reply) -> None:
    send(handler, reply.status, reply.body[: len(reply.body) // 2], reply.headers)


def _encoded(handler: Handler, reply: Reply) -> None:
    send(handler, reply.status, gzip.compress(reply.body, 1), {**reply.headers, "Content-Encoding": "gzip"})


def _sign_in(handler: Handler, _: Reply) -> None:
    send(handler, 302, b"", {"Location": SIGN_IN})


def _other_clock(handler: Handler, _: Reply) -> None:
    """Name a moment to come back at, by a clock that is years behind."""
    handler.send_response_only(503)
    for name, value in (
        ("Date", "Wed, 21 Oct 2015 07:27:59 GMT"),
        ("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"),
        ("Content-Length", "0"),
    ):
        handler.send_header(name, value)
    handler.end_headers()


def _replaced(handler: Handler, reply: Reply) -> None:
    send(handler, reply.status, reply.body[::-1], {**reply.headers, "ETag": '"another"'})


def _status(status: int, headers: dict[str, str] | None = None) -> Callable[[Handler, Reply], None]:
    return lambda handler, _: send(handler, status, b"no", {"Content-Type": "text/plain", **(headers or {})})


def _page(handler: Handler, _: Reply) -> None:
    send(handler, 200, b"<!DOCTYPE html><html>Please sign in</html>", {"Content-Type": "text/html"})


FAULTS: dict[str, Callable[[Handler, Reply], None]] = {
    "busy_seconds": _status(429, {"Retry-After": "0"}),
    "busy_milliseconds": _status(429, {"Retry-After": "1000"}),
    "busy_date": _status(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "busy_other_clock": _other_clock,
    "busy_silent": _status(503),
    "busy_for_long": _status(503, {"Retry-After": "900"}),
    "quota": _status(403),
    "expired": _status(401),
    "drop": _drop,
    "truncate": _truncate,
    "stall": _stall,
    "page": _page,
    "sign_in": _sign_in,
    "encoded": _encoded,
    "shifted_range": _shift,
    "short_range": _short,
    "cut_part": _cut_part,
    "misplaced": _misplaced,
    "whole_file": lambda handler, reply: send(handler, 200, reply.content, {**reply.headers, "Content-Range": ""}),
    "replaced": _replaced,
    "gone": _status(404),
}


@dataclass
class Reply:
    """An honest answer to a request for a file."""

    content: bytes
    """The whole file."""
    span: tuple[int, int, int]
    """First byte, one behind the last, length of the file."""
    status: int
    headers: dict[str, str]

    @property
    def body(self) -> bytes:
        """Return what is sent."""
        return self.content[self.span[0] : self.span[1]]


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    # head and body are written apart, and the body would wait for the client to acknowledge the head, 40 ms
    disable_nagle_algorithm = True
    archive: Archive

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, body: bytes) -> None:
        archive = self.archive
        with archive.lock:
            archive.asked.append((self.command, self.path))
            archive.tokens.append(self.headers.get("Authorization", ""))
        time.sleep(archive.delay_s)
        parts = urlsplit(self.path)
        if archive.token and self.headers.get("Authorization") != f"Bearer {archive.token}":
            send(self, 401, b"no")
        elif archive.fault.startswith("api_") and not parts.path.startswith("/files/") and archive.hit(self.path):
            FAULTS[archive.fault.removeprefix("api_")](self, Reply(b"", (0, 0, 0), 200, {}))
        elif parts.path.startswith("/files/"):
            self._file(parts.path.removeprefix("/files/"))
        elif parts.path == "/search":
            self._json(self._page_of({**dict(parse_qsl(parts.query)), **json.loads(body or b"{}")}))
        elif parts.path == SIGN_IN:
            _page(self, Reply(b"", (0, 0, 0), 200, {}))
        elif parts.path == "/":
            self._json(self._landing())
        else:
            send(self, 404, b"no")

    def _json(self, document: dict[str, Any]) -> None:
        send(self, 200, json.dumps(document).encode(), {"Content-Type": "application/geo+json", **self.archive.extra_headers})

    def _landing(self) -> dict[str, Any]:
        search = {"rel": "search", "type": "application/geo+json", "href": f"{self.archive.url}/search"}
        return {
            "type": "Catalog", "stac_version": "1.0.0", "id": "loopback", "description": "test",
            "conformsTo": ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"],
            "links": [{**search, "method": "GET"}, {**search, "method": "POST"}],
        }  # fmt: skip

    def _page_of(self, asked: dict[str, Any]) -> dict[str, Any]:
        archive = self.archive
        items = archive.items()
        found = items if archive.ignores_filters else [item for item in items if _matches(item, asked)]
        page, size = int(asked.get("page", 0)), archive.page_size
        pages = [found[start : start + size] for start in range(0, len(found), size)] or [[]]
        if archive.fault == "hidden_items":
            pages[page] = pages[page][len(pages[page]) // 3 :] if archive.hit(f"page {page}") else pages[page]
        if archive.fault == "invented_items":
            pages = [[*few, *(_invented(item) for item in few if archive.hit(item["id"]))] for few in pages]
        if archive.fault == "repeated_items":
            pages = [[*few, *pages[0]] for few in pages]
        if archive.fault == "empty_page":
            pages.insert(1, [])
        follow = {"rel": "next", "href": f"{archive.url}/search", "method": "POST", "body": {"page": page + 1}, "merge": True}
        if archive.fault == "page_loop":
            follow["body"] = {"page": (page + 1) % 2}
        links = [follow] if page + 1 < len(pages) or archive.fault == "page_loop" else []
        return {
            "type": "FeatureCollection",
            "features": pages[page],
            "links": links,
            "numberMatched": len(items if archive.counts_all else found),
        }

    def _file(self, name: str) -> None:
        archive, path = self.archive, self.archive.folder / name
        if ".." in name or not path.is_file():
            send(self, 404, b"no")
            return
        reply = self._reply(path.read_bytes())
        if self.headers.get("If-Match") not in (None, reply.headers.get("ETag")):
            send(self, 412, b"changed")
        elif archive.fault in FAULTS and archive.hit(f"{name} {self.headers.get('Range')}"):
            FAULTS[archive.fault](self, reply)
        else:
            send(self, reply.status, reply.body, reply.headers)

    def _reply(self, content: bytes) -> Reply:
        headers = {}
        if self.archive.etags:
            headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        if self.archive.last_modified:
            headers["Last-Modified"] = "Wed, 21 Oct 2015 07:28:00 GMT"
        asked, size = self.headers.get("Range"), len(content)
        if asked is None or not self.archive.ranges:
            return Reply(content, (0, size, size), 200, headers)
        first, last = (int(text) for text in asked.removeprefix("bytes=").split("-"))
        stop = min(last + 1, size)
        return Reply(content, (first, stop, size), 206, {**headers, "Content-Range": f"bytes {first}-{stop - 1}/{size}"})


def _invented(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item of a day on which nothing was taken, whose files are not there."""
    day = datetime.fromisoformat(item["properties"]["datetime"]) + timedelta(days=1)
    properties = {**item["properties"], "datetime": f"{day:%Y-%m-%dT%H:%M:%SZ}", "s2:datatake_id": "", "s2:product_uri": ""}
    assets = {name: {**asset, "href": asset["href"].replace("/files/", "/files/invented-")} for name, asset in item["assets"].items()}
    return {**item, "id": f"invented-{item['id']}", "properties": properties, "assets": assets}


def _matches(item: dict[str, Any], asked: dict[str, Any]) -> bool:
    if item["collection"] not in asked.get("collections", [COLLECTION]):
        return False
    area = asked.get("intersects")
    if area and not shape(area).intersects(box(*item["bbox"])):
        return False
    start, _, end = asked.get("datetime", "../..").partition("/")
    return (start == ".." or item["properties"]["datetime"] >= start) and (end == ".." or item["properties"]["datetime"] <= end)


class QuickServer(ThreadingHTTPServer):
    """Answers many at once."""

    daemon_threads = True
    # with the standard library's 5, connections that come together are dropped, and tried again after a second
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(archive: Archive, tls: ssl.SSLContext | None = None) -> Iterator[Archive]:
    """Serve `archive` on loopback while the block runs, over TLS as archive.example where `tls` is given; its `url` is set."""
    handler = type("BoundHandler", (Handler,), {"archive": archive})
    server = QuickServer(("127.0.0.1", 0), handler)
    archive.url = f"http://127.0.0.1:{server.server_address[1]}"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        archive.url = f"https://archive.example:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
