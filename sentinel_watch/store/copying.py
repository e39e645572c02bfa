"""A workspace copied whole into another, and compared with it row by row.

The audit log comes along as it is, so that a head which was kept elsewhere verifies the copy too.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, text

from sentinel_watch.errors import InputError
from sentinel_watch.store.database import READ_ONLY, check_place, open_database, shown
from sentinel_watch.store.postgis import one_writer
from sentinel_watch.store.tables import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Table

__all__ = ["CopiedTable", "copy_workspace"]

CHUNK = 200
"""Rows in memory at once; a baseline's row may hold some megabytes."""


NEXT_ID = "SELECT setval(pg_get_serial_sequence('watch', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM watch), false)"


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """What was copied of one table; `sha256` (hex) is over all its rows in the order of their keys, the same on both sides."""

    name: str
    rows: int
    sha256: str


def copy_workspace(source: Path | str, target: Path | str) -> tuple[CopiedTable, ...]:
    """Copy everything from one workspace to another that is empty, and return what was copied, table by table.

    One transaction on each side: the copy is there whole or not at all, and is of one instant. Raises InputError where `source` is no
    workspace, `target` holds anything, or what was written is not what was read.
    """
    check_place(source)
    engines = open_database(source), open_database(target)
    try:
        reading = engines[0].connect().execution_options(**READ_ONLY)
        with reading, engines[1].begin() as writing:
            one_writer(writing)
            return tuple(_copied(reading, writing, table, shown(target)) for table in METADATA.sorted_tables)
    finally:
        for engine in engines:
            engine.dispose()


def _copied(reading: Connection, writing: Connection, table: Table, where: str) -> CopiedTable:
    """Copy one table, and return what it holds; raise InputError where the target has rows, or has others afterwards."""
    if writing.scalar(select(func.count()).select_from(table)):
        raise InputError("the target is not empty", where=where, found=f"rows in {table.name}", next_step="name a workspace without runs")
    for rows in _chunks(reading, table):
        writing.execute(insert(table), rows)
    _mend_sequence(writing, table)
    ours, theirs = (_digest(connection, table) for connection in (reading, writing))
    if ours != theirs:
        raise InputError("the copy differs from what was read: nothing was kept", where=f"{where}, table {table.name}")
    return CopiedTable(table.name, *ours)


def _chunks(connection: Connection, table: Table) -> Iterator[list[dict[str, object]]]:
    """Yield the rows of a table, some at a time, in the order of their keys."""
    # bytes decide the order: each database sorts text by rules of its own
    keys = [column if column.type.python_type is int else column.collate(_binary(connection)) for column in table.primary_key]
    query = select(table).order_by(*keys).execution_options(yield_per=CHUNK)
    for part in connection.execute(query).mappings().partitions():
        yield [dict(row) for row in part]


def _digest(connection: Connection, table: Table) -> tuple[int, str]:
    """Return number and SHA-256 of a table's rows."""
    count, digest = 0, sha256()
    for rows in _chunks(connection, table):
        count += len(rows)
        for row in rows:
            digest.update(repr(sorted(row.items())).encode())
    return count, digest.hexdigest()


def _binary(connection: Connection) -> str:
    """Return the name of the collation that sorts text by its bytes."""
    return "C" if connection.dialect.name == "postgresql" else "BINARY"


def _mend_sequence(connection: Connection, table: Table) -> None:
    """Let PostgreSQL count on from the highest key that was copied, where it counts."""
    if connection.dialect.name == "postgresql" and table.name == "watch":
        connection.execute(text(NEXT_ID))
