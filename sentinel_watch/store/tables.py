"""The tables of the store; a change here needs a migration, and a test compares the two.

Only types that SQLite and PostgreSQL both have. Instants are ISO text in UTC, days are dates, but for alerts, whose columns are
those of the exports.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from sentinel_watch.domain.alert import Alert

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = ["ALERT", "AUDIT", "BASELINE", "BLOCK_STATE", "EVENT", "LOOK", "METADATA", "OUTBOX", "SCENE", "SITE", "SUPPRESSION", "WATCH"]

# Named constraints, because alembic can only drop what has a name
METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_COLUMN_TYPES: dict[type, type[TypeEngine[Any]]] = {str: Text, int: Integer, float: Double, bool: Boolean}


def _watch_id() -> Column[int]:
    """Return the column that ties a row to its watch: part of the primary key, and gone with the watch."""
    return Column("watch_id", Integer, ForeignKey("watch.id", ondelete="CASCADE"), primary_key=True)


def _arrays() -> list[Column[Any]]:
    """Return the columns of named arrays: compressed npz bytes, and their SHA-256."""
    return [Column("arrays", LargeBinary, nullable=False), Column("arrays_sha256", String(64), nullable=False)]


def _geometry() -> list[Column[Any]]:
    """Return the columns of a geometry: WKB, and its bounding box in the same coordinates."""
    # Plain columns, because SQLite has no spatial types; the box answers "what lies here" on any database.
    box = [Column(name, Double, nullable=False) for name in ("min_x", "min_y", "max_x", "max_y")]
    return [Column("geometry", LargeBinary, nullable=False), *box]


def _alert_column(name: str, annotation: object) -> Column[Any]:
    """Return the column of a field of Alert; `X | None` may be null, a Literal is text."""
    union = get_origin(annotation) in {Union, types.UnionType}
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)] if union else [annotation]
    kind = str if get_origin(kinds[0]) is Literal else kinds[0]
    return Column(name, _COLUMN_TYPES[kind], nullable=union, primary_key=name == "alert_id")  # type: ignore[index]


# The document is JSON: what a watch was begun with is read whole, and never searched
WATCH = Table(
    "watch",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("document", JSON, nullable=False),
    # when its alerts took the place of another watch's; empty until the first are handed over
    Column("taken_up", Text, nullable=False, server_default=""),
)

SCENE = Table(
    "scene",
    METADATA,
    _watch_id(),
    Column("scene_id", Text, primary_key=True),
    Column("time", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("clear_fraction", Double),
    Column("data_fraction", Double),
    Column("seconds", Double, nullable=False),
)

BASELINE = Table("baseline", METADATA, _watch_id(), Column("block_key", Text, primary_key=True), *_arrays())

BLOCK_STATE = Table("block_state", METADATA, _watch_id(), Column("block_key", Text, primary_key=True), *_arrays())

LOOK = Table(
    "look",
    METADATA,
    _watch_id(),
    Column("scene_id", Text, primary_key=True),
    Column("block_key", Text, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("clear_px", Integer, nullable=False),
    Column("data_px", Integer, nullable=False),
    Column("aoi_px", Integer, nullable=False),
    Column("detail", Text, nullable=False),
)

EVENT = Table(
    "event",
    METADATA,
    _watch_id(),
    Column("event_id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("first_detected", Date, nullable=False),
    Column("last_observed", Date, nullable=False),
    Column("confirmed_at", Date),
    Column("finished_at", Date),
    Column("event_class", Text),
    Column("class_confidence", Double),
    Column("area_ha", Double, nullable=False),
    Column("document", JSON, nullable=False),
    *_geometry(),
    *_arrays(),
    Index(None, "watch_id", "status"),
)

ALERT = Table(
    "alert",
    METADATA,
    _watch_id(),
    *(_alert_column(name, field.annotation) for name, field in Alert.model_fields.items() if name != "geometry"),
    *_geometry(),
    # not in the exports: how the alert stands in the list, and what people keep beside their decision
    *(Column(name, Text, nullable=False) for name in ("standing", "changed_at")),
    *(Column(name, Text) for name in ("due", "reviewer", "decided_at", "true_class")),
    Index(None, "site_id"),
    Index(None, "status"),
)

# Triggers refuse to change or delete a row; the details are text, for their bytes are what the hash is over
AUDIT = Table(
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Text, nullable=False) for name in ("time", "actor", "action", "subject", "details")),
    *(Column(name, String(64), nullable=False) for name in ("previous", "hash")),
    Index(None, "subject"),
)

# The register: the site's AOI file as it was checked, and what it is asked for by
SITE = Table(
    "site",
    METADATA,
    Column("site_id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("site_type", "country", "changed_at")),
    Column("document", JSON, nullable=False),
)

SUPPRESSION = Table(
    "suppression",
    METADATA,
    Column("zone_id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("site_id", "reason", "actor")),
    *(Column(name, Date, nullable=False) for name in ("valid_from", "valid_to")),
    *_geometry(),
    Index(None, "site_id"),
)

# A message stays when it was sent: its key is what keeps it from being sent twice
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("key", String(64), primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("route", "site_id", "state", "created_at", "next_try", "error")),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Text),
    Column("payload", JSON, nullable=False),
    Index(None, "state"),
)
