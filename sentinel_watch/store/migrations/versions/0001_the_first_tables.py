"""The first tables: watch, scene, look, baseline, block_state, event and alert.

Columns are written out and not taken from `store.tables`: a migration must make tomorrow what it makes today.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BOX = ("min_x", "min_y", "max_x", "max_y")
ALERT_TEXT = (
    "event_id", "site_id", "schema_version", "event_class", "class_probs", "explanation", "first_detected", "last_observed", "status",
    "country", "admin", "sensors", "reasons", "severity", "case_status", "qa_flags", "pipeline", "model_version", "code_version",
    "after_scene",
)  # fmt: skip
ALERT_TEXT_OR_NULL = (
    "last_clear_before", "confirmed_at", "finished_at", "permit_id", "decision", "rejection_reason", "assignee", "before_scene",
    "evidence_sha256",
)  # fmt: skip
ALERT_NUMBERS = (
    "class_confidence", "area_ha", "centroid_lon", "centroid_lat", "location_uncertainty_m", "magnitude", "detection_confidence",
    "priority", "observability",
)  # fmt: skip
ALERT_NUMBERS_OR_NULL = ("outside_permit_pct", "protected_overlap_ha", "distance_to_water_m")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "watch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_watch"),
        sa.UniqueConstraint("key", name="uq_watch_key"),
    )
    _scenes_and_looks()
    for name in ("baseline", "block_state"):
        _table(name, ("block_key",), *_arrays())
    _events()
    _alerts()


def _scenes_and_looks() -> None:
    """Make the ledger, and what became of each scene on each block."""
    scene = [*_columns(sa.Text, "time", "role", "outcome", "reason", "detail"), *_columns(sa.Double, "seconds")]
    _table("scene", ("scene_id",), *scene, *_columns(sa.Double, "clear_fraction", "data_fraction", nullable=True))
    look = [*_columns(sa.Text, "outcome", "reason", "detail"), *_columns(sa.Integer, "clear_px", "data_px", "aoi_px")]
    _table("look", ("scene_id", "block_key"), *look)


def _events() -> None:
    """Make the table of events, with an index by watch and status."""
    known = [*_columns(sa.Text, "status"), *_columns(sa.Date, "first_detected", "last_observed"), *_columns(sa.Double, "area_ha")]
    later = [
        *_columns(sa.Date, "confirmed_at", "finished_at", nullable=True),
        *_columns(sa.Text, "event_class", nullable=True),
        *_columns(sa.Double, "class_confidence", nullable=True),
    ]
    _table("event", ("event_id",), *known, *later, *_columns(sa.JSON, "document"), *_geometry(), *_arrays())
    op.create_index("ix_event_watch_id_status", "event", ["watch_id", "status"])


def _alerts() -> None:
    """Make the table of alerts: the columns of schema 1.0, by type and by whether they may be null."""
    columns = [
        *_columns(sa.Text, *ALERT_TEXT),
        *_columns(sa.Text, *ALERT_TEXT_OR_NULL, nullable=True),
        *_columns(sa.Double, *ALERT_NUMBERS),
        *_columns(sa.Double, *ALERT_NUMBERS_OR_NULL, nullable=True),
        *_columns(sa.Integer, "revision", "n_observations", "n_anomalous"),
        *_columns(sa.Boolean, "suspected_violation", nullable=True),
    ]
    _table("alert", ("alert_id",), *columns, *_geometry())
    for name in ("site_id", "status"):
        op.create_index(f"ix_alert_{name}", "alert", [name])


def _table(name: str, keys: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    """Make a table whose rows belong to a watch."""
    op.create_table(
        name,
        sa.Column("watch_id", sa.Integer(), nullable=False),
        *_columns(sa.Text, *keys),
        *columns,
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=f"fk_{name}_watch_id_watch", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watch_id", *keys, name=f"pk_{name}"),
    )


def _columns(kind: type[sa.types.TypeEngine[Any]], *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    """Return columns of one type."""
    return [sa.Column(name, kind(), nullable=nullable) for name in names]


def _geometry() -> list[sa.Column[Any]]:
    """Return the columns of a geometry: WKB and its bounding box."""
    return [*_columns(sa.LargeBinary, "geometry"), *_columns(sa.Double, *BOX)]


def _arrays() -> list[sa.Column[Any]]:
    """Return the columns of named arrays: npz bytes and their SHA-256."""
    return [*_columns(sa.LargeBinary, "arrays"), sa.Column("arrays_sha256", sa.String(64), nullable=False)]
