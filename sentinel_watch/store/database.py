"""Opening the database: the only place that knows SQLite from others.

Tables are made and changed by migrations alone, so that a workspace of an older version opens with all that it holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, create_engine, event
from sqlalchemy.exc import DatabaseError

from sentinel_watch.errors import InputError
from sentinel_watch.store.lock import file_lock

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["DATABASE_NAME", "READ_ONLY", "make_engine", "migrate", "open_database"]

DATABASE_NAME = "sentinel_watch.sqlite"

READ_ONLY = {"sqlite_begin": "DEFERRED"}
"""Execution options of a transaction that only reads."""

_PRAGMAS = ("PRAGMA busy_timeout = 60000", "PRAGMA foreign_keys = ON", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")


def open_database(workspace: Path) -> Engine:
    """Return the engine of the workspace's database, made or migrated as needed; raise InputError where it cannot be used.

    The folder is made too. Runs that open it at the same moment wait for each other. InputError covers a folder that cannot be
    written, a file that is no database, and tables of a newer version than this program.
    """
    path = workspace / DATABASE_NAME
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        engine = make_engine(URL.create("sqlite", database=str(path)))
        with file_lock(workspace / "locks" / "migration.lock"):
            migrate(engine)
    except OSError as error:
        raise InputError("the workspace cannot be used", where=str(workspace), found=str(error), allowed="a folder to write in") from error
    except CommandError as error:
        raise InputError(
            "the workspace was made by a newer version", where=str(path), found=str(error), next_step="update sentinel-watch"
        ) from error
    except DatabaseError as error:
        raise InputError("the workspace's database cannot be used", where=str(path), found=str(error.orig)) from error
    return engine


def make_engine(url: URL | str) -> Engine:
    """Return an engine for any database; on SQLite with foreign keys, write-ahead log, and writers that wait their turn.

    A writer waits up to 60 s; readers see the last finished transaction and wait for nobody. Connects only when first used.
    """
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest version; raise CommandError where they are newer than the program.

    One transaction: a process that is killed in between leaves the old tables whole.
    """
    config = Config()
    # Alembic reads its options as an INI file, where a lone % in a folder's name is an error
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Set up each new SQLite connection, since pragmas belong to a connection and not to the file."""
    # The driver must not begin transactions by itself: it would leave the migrations' DDL outside of them.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a SQLite transaction, as a writer unless its execution options are READ_ONLY."""
    # A writer takes the lock at its beginning: one that reads first and then writes can fail without waiting.
    kind = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {kind}")
