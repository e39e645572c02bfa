"""A real STAC API for the tests: stac-fastapi-pgstac on PostGIS, and nginx for the files.

Both are programs beside this one. The API needs an environment of its own, made from `tests/stac_server.txt`, whose Python
`STAC_SERVER_PYTHON` names.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from conftest import require

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COLLECTION", "free_port", "running", "serving_files", "serving_stac", "stac_python"]

COLLECTION = "sentinel-2-l2a"
NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  default_type image/tiff;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@pytest.fixture(scope="session")
def stac_python() -> Path:
    """Return the Python of the environment that holds the STAC API; nginx is there too."""
    python = Path(os.environ.get("STAC_SERVER_PYTHON", "none"))
    require(present=python.is_file() and shutil.which("nginx") is not None, what="nginx, or the environment of STAC_SERVER_PYTHON,")
    return python


@contextmanager
def serving_files(root: Path) -> Iterator[str]:
    """Serve the files below `root` with nginx while the block runs; yields the URL."""
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="nginx-"))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, root=root, user=user))
    url = f"http://127.0.0.1:{port}"
    with running(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], f"{url}/catalog.json"):
        yield url
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving_stac(python: Path, database: str, items: list[dict[str, Any]]) -> Iterator[str]:
    """Serve `items` by an API on the empty PostGIS `database` while the block runs; yields the URL."""
    parts = urlsplit(database)
    host, name = parse_qs(parts.query)["host"][0], parts.path.strip("/")
    extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}
    collection = {
        "type": "Collection", "id": COLLECTION, "stac_version": "1.0.0", "description": "test", "license": "other",
        "extent": extent, "links": [],
    }  # fmt: skip
    load = ["-m", "pypgstac.pypgstac"]
    dsn = f"host={host} user=postgres dbname={name}"
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder) / "collections.json", [collection])
        _write(Path(folder) / "items.json", items)
        for words in (["migrate"], ["load", "collections", f"{folder}/collections.json"], ["load", "items", f"{folder}/items.json"]):
            subprocess.run([python, *load, *words, "--dsn", dsn], check=True, capture_output=True, timeout=120)
    port = free_port()
    where = {"PGHOST": quote(host, safe=""), "PGPORT": "5432", "PGUSER": "postgres", "PGPASSWORD": "none", "PGDATABASE": name}
    command = [python, "-m", "uvicorn", "stac_fastapi.pgstac.app:create_app", "--factory", "--port", str(port), "--log-level", "error"]
    url = f"http://127.0.0.1:{port}"
    with running(command, url, {"PATH": os.environ["PATH"], **where}):
        yield url


@contextmanager
def running(command: list[Any], url: str, environment: dict[str, str] | None = None, *, patient: bool = True) -> Iterator[None]:
    """Run a program while the block runs, which begins once `url` answers; `patient` False = it is not asked to end, but ended."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        last = time.monotonic() + 90
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
            except OSError:
                assert process.poll() is None, f"{command[0]} ended"
                assert time.monotonic() < last, f"{command[0]} does not answer"
                time.sleep(0.1)
            else:
                break
        yield
    finally:
        (process.terminate if patient else process.kill)()
        process.wait(30)


def _write(path: Path, documents: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(json.dumps(document) for document in documents))


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
