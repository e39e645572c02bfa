"""A real PostgreSQL with PostGIS for the tests: one temporary server a session, one database a test.

The server listens on a socket in a folder of its own and on no port, keeps nothing, and is gone with the session.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from conftest import require

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["place", "postgis", "postgis_server"]

# Tests may lose everything when the machine stops: what they ask is what the server promises, not what its disk does.
SETTINGS = {
    "listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60",
    "shared_buffers": "32MB", "jit": "off", "log_min_messages": "fatal",
}  # fmt: skip


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL that has PostGIS, None where there is none; Debian keeps it off the path."""
    found = [path.parent.parent for path in Path("/usr/lib/postgresql").glob("*/lib/postgis-3.so")]
    return max(found, key=lambda path: int(path.name)) / "bin" if found else None


@pytest.fixture(scope="session")
def postgis_server() -> Iterator[Path]:
    """Start the server, and return the folder of its socket."""
    bin_ = programs()
    require(present=bin_ is not None, what="postgresql with postgis")
    # PostgreSQL refuses to run as root, and its user cannot enter pytest's folders; the socket's path must be short
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if as_user:
        shutil.chown(folder, "postgres", "postgres")
    initdb = [bin_ / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **as_user)
    options = [word for name, value in {**SETTINGS, "unix_socket_directories": str(folder)}.items() for word in ("-c", f"{name}={value}")]
    server = subprocess.Popen(
        [bin_ / "postgres", "-D", folder / "data", *options], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user
    )
    try:
        _wait(server, folder)
        _execute(folder, "CREATE DATABASE with_postgis")
        with psycopg.connect(_dsn(folder, "with_postgis"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION postgis")
        yield folder
    finally:
        server.send_signal(2)
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgis(postgis_server: Path) -> Iterator[str]:
    """Return the address of an empty database with PostGIS, as `--workspace` takes it."""
    name = f"t{uuid4().hex[:12]}"
    # a copy of one that has the extension: making it takes longer than most tests
    _execute(postgis_server, f"CREATE DATABASE {name} TEMPLATE with_postgis")
    yield f"postgresql://postgres@/{name}?host={postgis_server}"
    _execute(postgis_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Return a workspace that is empty yet, of each kind in turn."""
    return tmp_path / "workspace" if request.param == "sqlite" else request.getfixturevalue("postgis")


def _dsn(folder: Path, database: str) -> str:
    return f"host={folder} user=postgres dbname={database}"


def _execute(folder: Path, statement: str) -> None:
    with psycopg.connect(_dsn(folder, "postgres"), autocommit=True) as connection:
        connection.execute(statement)


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    last = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(_dsn(folder, "postgres")).close()
        except psycopg.OperationalError:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < last, "the server does not answer"
            time.sleep(0.05)
        else:
            return
