"""Opening the database: a folder holds SQLite, an address names PostgreSQL with PostGIS.

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
from sentinel_watch.store.postgis import is_address, one_writer, postgis_url

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["DATABASE_NAME", "READ_ONLY", "check_place", "make_engine", "migrate", "open_database", "shown"]

DATABASE_NAME = "sentinel_watch.sqlite"

READ_ONLY = {"sqlite_begin": "DEFERRED"}
"""Execution options of a transaction that only reads."""

_PRAGMAS = ("PRAGMA busy_timeout = 60000", "PRAGMA foreign_keys = ON", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")


def open_database(place: Path | str) -> Engine:
    """Return the engine of a workspace's database, made or migrated as needed; raise InputError where it cannot be used.

    `place` is a folder, or a PostgreSQL address. The folder is made too; PostgreSQL's database must be there. Runs that open it at
    the same moment wait for each other. InputError covers a folder that cannot be written, a file that is no database, a server
    that does not answer, and tables of a newer version than this program.
    """
    where = shown(place)
    try:
        return _open_postgis(str(place)) if is_address(place) else _open_folder(Path(place))
    except OSError as error:
        raise InputError("the workspace cannot be used", where=where, found=str(error), allowed="a folder to write in") from error
    except CommandError as error:
        raise InputError(
            "the workspace was made by a newer version", where=where, found=str(error), next_step="update sentinel-watch"
        ) from error
    except DatabaseError as error:
        raise InputError("the workspace's database cannot be used", where=where, found=str(error.orig).strip()) from error


def check_place(place: Path | str) -> None:
    """Raise InputError where `place` is a folder without a database; of an address nothing is asked yet.

    For whoever only reads: opening would make an empty workspace where somebody mistyped the path.
    """
    if not is_address(place) and not (Path(place) / DATABASE_NAME).is_file():
        raise InputError(
            "there is no workspace here",
            where=str(place),
            allowed="a folder that a run has used, or a PostgreSQL address",
            next_step="give the run's --workspace, which is OUT/workspace where it was left out",
        )


def shown(place: Path | str) -> str:
    """Return `place` as messages may show it: an address with its password starred out."""
    return postgis_url(str(place)).render_as_string() if is_address(place) else str(place)


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
    try:
        with engine.begin() as connection:
            one_writer(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except Exception:
        # whoever asked for it gets an error and no engine to close
        engine.dispose()
        raise


def _open_folder(workspace: Path) -> Engine:
    """Return the engine of the SQLite file in a folder, both made where they are missing."""
    workspace.mkdir(parents=True, exist_ok=True)
    engine = make_engine(URL.create("sqlite", database=str(workspace / DATABASE_NAME)))
    with file_lock(workspace / "locks" / "migration.lock"):
        migrate(engine)
    return engine


def _open_postgis(address: str) -> Engine:
    """Return the engine of a PostgreSQL database, whose tables are made where they are missing."""
    engine = make_engine(postgis_url(address))
    migrate(engine)
    return engine


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
