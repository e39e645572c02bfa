"""Blocks of a watch: their baselines, their states, and the looks that are done.

A look and the state after it are written in one transaction, so that a killed run goes on after its last finished block.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.store.arrays import load_arrays, pack_columns
from sentinel_watch.store.rows import put, rows_where
from sentinel_watch.store.tables import LOOK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table

    from sentinel_watch.domain.change import Arrays
    from sentinel_watch.store.watches import Watch

__all__ = ["Look", "put_arrays", "put_look", "read_arrays", "read_looks"]


@dataclass(frozen=True, slots=True)
class Look:
    """What became of one scene on one block.

    Counts are of pixels of the AOI inside the block, so that blocks add up to the AOI: 0 <= clear_px <= data_px <= aoi_px.
    """

    outcome: Outcome
    reason: Reason = Reason.NONE
    clear_px: int = 0
    """Usable pixels of the AOI in the block."""
    data_px: int = 0
    """Pixels of the AOI in the block that hold data."""
    aoi_px: int = 0
    """Pixels of the AOI in the block."""
    detail: str = ""
    """In plain words, what was wrong."""


def put_arrays(connection: Connection, table: Table, watch: Watch, block_key: str, arrays: Arrays) -> None:
    """Write the baseline or the state (`table`) of a block, replacing the one before."""
    put(connection, table, {"watch_id": watch.watch_id, "block_key": block_key, **pack_columns(arrays)})


def read_arrays(connection: Connection, table: Table, watch: Watch, block_key: str) -> Arrays | None:
    """Return the baseline or the state (`table`) of a block, None where there is none; raise InputError where it is damaged."""
    rows = rows_where(connection, table, watch_id=watch.watch_id, block_key=block_key)
    return load_arrays(rows[0], f"the {table.name} of block {block_key}") if rows else None


def put_look(connection: Connection, watch: Watch, scene_id: str, block_key: str, look: Look) -> None:
    """Write what became of a scene on a block, replacing what an earlier try left."""
    put(connection, LOOK, {"watch_id": watch.watch_id, "scene_id": scene_id, "block_key": block_key, **asdict(look)})


def read_looks(connection: Connection, watch: Watch, scene_id: str) -> Mapping[str, Look]:
    """Return block key -> look for the blocks on which the scene is done, by key."""
    rows = sorted(rows_where(connection, LOOK, watch_id=watch.watch_id, scene_id=scene_id), key=lambda row: str(row["block_key"]))
    return {row["block_key"]: _look_of(row) for row in rows}


def _look_of(row: Mapping[str, Any]) -> Look:
    """Return the look of a row."""
    return Look(Outcome(row["outcome"]), Reason(row["reason"]), row["clear_px"], row["data_px"], row["aoi_px"], row["detail"])
