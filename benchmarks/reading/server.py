"""Serves a folder with byte ranges on loopback: `python -m benchmarks.reading.server FOLDER DELAY_MS`; prints its URL.

The first step of each path is anything, and is left out: `/x/s0/B02.tif` and `/y/s0/B02.tif` are one file. So every round
can read from addresses that no reader has in a cache.
"""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["serve"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # head and body are written apart, and the body would wait for the client to acknowledge the head, 40 ms
    disable_nagle_algorithm = True
    folder: Path
    delay_s: float

    def setup(self) -> None:
        """Wait as for TCP's handshake: over a line with such a delay, a new connection costs one way there and back."""
        time.sleep(self.delay_s)
        super().setup()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        time.sleep(self.delay_s)
        path = self.folder / self.path.lstrip("/").partition("/")[2]
        if not path.is_file():
            self._send(404, b"", {})
            return
        size = path.stat().st_size
        asked = self.headers.get("Range")
        start, stop = 0, size
        if asked:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, stop = int(first), min(int(last) + 1, size) if last else size
        with path.open("rb") as file:
            file.seek(start)
            body = file.read(stop - start)
        part = {"Content-Range": f"bytes {start}-{stop - 1}/{size}"} if asked else {}
        self._send(206 if asked else 200, body, {"ETag": f'"{path.stat().st_mtime_ns}"', "Accept-Ranges": "bytes", **part})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "image/tiff", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # with the standard library's 5, connections that come together are dropped, and tried again after a second
    request_queue_size = 128


def serve(folder: Path, delay_ms: float) -> None:
    """Serve until the process is ended."""
    handler = type("_Bound", (_Handler,), {"folder": folder, "delay_s": delay_ms / 1000})
    server = _Server(("127.0.0.1", 0), handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), float(sys.argv[2]))
