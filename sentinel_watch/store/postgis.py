"""What PostgreSQL needs that SQLite does not: an address, and locks that the server holds.

Locks are advisory ones of the session or the transaction, so that the server lets go of them when a client dies.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sqlalchemy import func, make_url, select
from sqlalchemy.exc import ArgumentError

from sentinel_watch.errors import InputError, MissingExtraError, WorkspaceBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine

__all__ = ["is_address", "one_writer", "postgis_url", "server_lock"]

DRIVER = "postgresql+psycopg"
EXAMPLE = "postgresql://user@host/database"


def is_address(place: Path | str) -> bool:
    """Return whether `place` is a database's address and not a folder."""
    return isinstance(place, str) and "://" in place


def postgis_url(address: str) -> URL:
    """Return the URL of a PostgreSQL address with the driver that the program uses.

    Raises InputError for another kind of database or what cannot be read, MissingExtraError where the driver is not installed.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise InputError("the workspace's address cannot be read", allowed=EXAMPLE) from error
    if url.drivername not in {"postgres", "postgresql", DRIVER}:
        raise InputError("the workspace's address is of no known database", found=url.drivername, allowed=f"a folder, or {EXAMPLE}")
    if find_spec("psycopg") is None:
        raise MissingExtraError("PostgreSQL needs the extra `postgis`", next_step="pip install '.[postgis]'")
    return url.set(drivername=DRIVER)


def one_writer(connection: Connection) -> None:
    """Wait until no other transaction holds this lock, and hold it to the end of this one; nothing on SQLite.

    For what reads before it writes: on SQLite every writer waits its turn anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_number("writer"))))


@contextmanager
def server_lock(engine: Engine, site_id: str) -> Iterator[None]:
    """Hold the site locked in the database; raise WorkspaceBusyError at once where another run holds it.

    The lock belongs to a connection of its own, and holds between machines.
    """
    # no transaction stays open meanwhile: it would keep the server from clearing up behind a run of hours
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(select(func.pg_try_advisory_lock(_number(f"site {site_id}")))):
            raise WorkspaceBusyError(
                f"another run is working on site {site_id!r}",
                where=engine.url.render_as_string(),
                next_step="wait for it to end, or give this run a workspace of its own (--workspace)",
            )
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(_number(f"site {site_id}"))))


def _number(name: str) -> int:
    """Return the 64-bit number that PostgreSQL knows a lock by."""
    return int.from_bytes(hashlib.sha256(f"sentinel-watch {name}".encode()).digest()[:8], signed=True)
