"""Watches: one site under one pipeline configuration from one source.

Change any of them and it is another watch, with a baseline of its own: two ways of looking are never mixed in one history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from sentinel_watch.store.rows import rows_where
from sentinel_watch.store.tables import WATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

__all__ = ["Watch", "create_watch", "find_watch", "read_watches"]


@dataclass(frozen=True, slots=True)
class Watch:
    """What all other records belong to; `watch_id` is valid in its own workspace only, `key` everywhere."""

    watch_id: int
    key: str
    """SHA-256 of everything that makes two watches differ, made by the caller."""
    document: Mapping[str, Any]
    """As decided when the watch was created: site, pipeline, grid, start of monitoring, versions."""


def find_watch(connection: Connection, key: str) -> Watch | None:
    """Return the watch with this key, or None where the workspace has none."""
    found = rows_where(connection, WATCH, key=key)
    return Watch(found[0]["id"], key, found[0]["document"]) if found else None


def read_watches(connection: Connection) -> tuple[Watch, ...]:
    """Return all watches, oldest first, with the documents that they were made from."""
    rows = sorted(rows_where(connection, WATCH), key=lambda row: row["id"])
    return tuple(Watch(row["id"], row["key"], row["document"]) for row in rows)


def create_watch(connection: Connection, key: str, document: Mapping[str, Any]) -> Watch:
    """Return the watch with this key, made from `document` where there is none yet.

    `document` must be plain JSON. Of a known watch it is not looked at.
    """
    if (found := find_watch(connection, key)) is None:
        connection.execute(insert(WATCH).values(key=key, document=dict(document)))
        found = find_watch(connection, key)
    assert found is not None  # noqa: S101 - it was written in this transaction
    return found
