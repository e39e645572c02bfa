"""Writing and reading rows in ways that every database knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Table

__all__ = ["forget", "put", "put_all", "rows_where"]


def put(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Write `row`, replacing the one with the same primary key."""
    put_all(connection, table, [row])


def put_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `rows`, replacing those with the same primary keys.

    All rows must have the same columns, those of the primary key among them. No rows, no statement.
    """
    if not rows:
        return
    # Delete and insert: every database has a word of its own for the two in one.
    keys = [column.name for column in table.primary_key]
    connection.execute(
        delete(table).where(*(table.c[name] == bindparam(f"the_{name}") for name in keys)),
        [{f"the_{name}": row[name] for name in keys} for row in rows],
    )
    connection.execute(insert(table), [dict(row) for row in rows])


def rows_where(connection: Connection, table: Table, **equal: object) -> Sequence[dict[str, Any]]:
    """Return the rows whose columns have these values, in no order.

    A value of None finds nulls; without any `equal`, all rows are returned.
    """
    query = select(table).where(*(table.c[name] == value for name, value in equal.items()))
    return [dict(row) for row in connection.execute(query).mappings()]


def forget(connection: Connection, table: Table, **equal: object) -> None:
    """Delete the rows whose columns have these values; all rows where none is named."""
    connection.execute(delete(table).where(*(table.c[name] == value for name, value in equal.items())))
