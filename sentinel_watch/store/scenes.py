"""The scene ledger of a watch.

One line a scene, over all runs: what was used stays, what failed is tried again and its line replaced.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.ledger import Outcome, Reason, SceneRecord
from sentinel_watch.store.rows import put, rows_where
from sentinel_watch.store.tables import SCENE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sentinel_watch.store.watches import Watch

__all__ = ["put_record", "read_records"]


def put_record(connection: Connection, watch: Watch, record: SceneRecord) -> None:
    """Write one line of the ledger; a scene that is tried again replaces its line, found by its `scene_id`."""
    put(connection, SCENE, {"watch_id": watch.watch_id, **asdict(record)})


def read_records(connection: Connection, watch: Watch) -> tuple[SceneRecord, ...]:
    """Return the ledger in time order; scenes of the same instant by id."""
    records = [_record_of(row) for row in rows_where(connection, SCENE, watch_id=watch.watch_id)]
    # Sorted here and not by the database: each orders text in its own way.
    return tuple(sorted(records, key=lambda record: (record.time, record.scene_id)))


def _record_of(row: dict[str, Any]) -> SceneRecord:
    """Return the record of a row, codes as enums again."""
    del row["watch_id"]
    return SceneRecord(**{**row, "outcome": Outcome(row["outcome"]), "reason": Reason(row["reason"])})
