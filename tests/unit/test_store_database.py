"""Opening, migrating and locking a workspace, and what is said where that cannot be done."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.errors import InputError, WorkspaceBusyError
from sentinel_watch.store import Look, open_store
from sentinel_watch.store.database import DATABASE_NAME, open_database
from sentinel_watch.store.tables import METADATA

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Table


def _execute(workspace: Path, statement: str) -> None:
    with closing(sqlite3.connect(workspace / DATABASE_NAME)) as connection, connection:
        connection.execute(statement)


def _ours(_: object, name: str, kind: str, *__: object) -> bool:
    """Return whether something is not PostGIS's own table, nor the index by shape, which is of no column."""
    return (kind, name) not in {("table", "spatial_ref_sys"), ("index", "ix_alert_shape")}


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection:sqlalchemy.exc.SAWarning")
def test_the_migrations_make_the_tables(place: Path | str) -> None:
    """After all migrations the database has exactly the tables, columns, keys and indexes that the code declares."""
    engine = open_database(place)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _ours})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_sqlite_keeps_its_promises(tmp_path: Path) -> None:
    """Foreign keys hold, the log is written ahead, and a writer waits for another."""
    engine = open_database(tmp_path)
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("foreign_keys", "journal_mode", "busy_timeout")}
    engine.dispose()
    assert found == {"foreign_keys": 1, "journal_mode": "wal", "busy_timeout": 60000}


def test_a_newer_workspace_is_refused(place: Path | str) -> None:
    """A database of a later version is not touched, and the message says what to do."""
    with open_store(place) as store, store._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="newer version") as error:
        open_store(place)
    assert "update sentinel-watch" in str(error.value)


def test_what_is_no_workspace_is_refused(tmp_path: Path) -> None:
    """A file in the folder's place and a file that is no database are the user's errors, not ours."""
    (tmp_path / "file").write_text("hello")
    with pytest.raises(InputError, match="cannot be used"):
        open_store(tmp_path / "file")
    (tmp_path / DATABASE_NAME).write_text("hello" * 1000)
    with pytest.raises(InputError, match="not a database"):
        open_store(tmp_path)


@pytest.mark.parametrize("damage", ["x''", "CAST(arrays || x'00' AS BLOB)"], ids=["emptied", "lengthened"])
def test_damaged_arrays_are_never_used(tmp_path: Path, damage: str) -> None:
    """Bytes that are not those that were saved are refused, with the block named."""
    with open_store(tmp_path) as store:
        watch = store.watch("a" * 64, {})
        store.save_look(watch, "m1", "r000c000", Look(Outcome.USED), {"n": np.arange(3)})
        _execute(tmp_path, f"UPDATE block_state SET arrays = {damage}")
        with pytest.raises(InputError, match="block_state of block r000c000"):
            store.state(watch, "r000c000")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("mysql://root@host/db", "no known database"),
        ("postgresql://host:port/db", "cannot be read"),
        ("postgresql://user:secret@/none?host=nowhere", "cannot be used"),
    ],
)
def test_an_address_that_does_not_work_is_told_without_its_password(address: str, told: str) -> None:
    """Another kind of database, one that cannot be read and one that does not answer are the user's errors."""
    with pytest.raises(InputError, match=told) as error:
        open_store(address)
    assert "secret" not in str(error.value)


def test_a_site_is_run_once_at_a_time_on_a_server(postgis: str) -> None:
    """A second run of the site is told at once, wherever it comes from; another site and a later run are free."""
    with open_store(postgis) as store, open_store(postgis) as other:
        with store.lock("ß"):
            with pytest.raises(WorkspaceBusyError, match="another run"), other.lock("ß"):
                pass
            with other.lock("quarry"):
                pass
        with other.lock("ß"):
            pass


def test_a_site_is_run_once_at_a_time(tmp_path: Path) -> None:
    """A second run of the site is told at once; another site, another workspace and a later run are free."""
    with open_store(tmp_path) as store, open_store(tmp_path / "other") as other, store.lock("a/../ß"):
        with pytest.raises(WorkspaceBusyError, match="another run"), store.lock("a/../ß"):
            pass
        with store.lock("quarry"), other.lock("a/../ß"):
            pass
    with open_store(tmp_path) as store, store.lock("a/../ß"):
        assert {path.parent for path in tmp_path.rglob("*.lock")} == {tmp_path / "locks", tmp_path / "other" / "locks"}


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=str)
def test_the_tables_are_not_sqlites_own(table: Table) -> None:
    """Every table can be declared on PostgreSQL too."""
    assert f"CREATE TABLE {table.name}" in str(CreateTable(table).compile(dialect=postgresql.dialect()))
